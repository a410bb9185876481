package io.qk256.spi.parallel;

import io.qk256.spi.Codebook;
import io.qk256.spi.F32Vector;
import io.qk256.spi.I8Batch;
import io.qk256.spi.I8Vector;
import io.qk256.spi.IndexList;
import io.qk256.spi.Kernel;
import io.qk256.spi.Operation;
import io.qk256.spi.Q8Matrix;
import io.qk256.spi.Qk256;
import io.qk256.spi.Qk256Matrix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;

/** Random operands, large enough to be split. */
record ParallelProblem(
        Qk256Matrix w, Q8Matrix wide, IndexList listed, F32Vector x, I8Vector q, I8Batch batch, Arena arena) {

    static ParallelProblem of(int rows, int cols, Arena arena) {
        Random random = new Random(rows);
        MemorySegment codes = arena.allocate(rows * Qk256.rowBytes(cols));
        for (long i = 0; i < codes.byteSize(); i += Qk256.BLOCK_BYTES) {
            codes.set(ValueLayout.JAVA_BYTE, i, (byte) random.nextInt());
        }
        Q8Matrix wide = Q8Matrix.allocate(arena, rows, cols);
        for (int row = 0; row < rows; row++) {
            wide.codes().set(ValueLayout.JAVA_BYTE, wide.codeAt(row, row % cols), (byte) random.nextInt());
            wide.scales().set(ValueLayout.JAVA_SHORT, wide.scaleAt(row, row % cols / 32), (short) 0x3c00);
        }
        IndexList listed = IndexList.allocate(arena, rows);
        for (int row = 0; row < rows; row++) {
            if (random.nextInt(3) > 0) {
                listed.add(row);
            }
        }
        F32Vector x = F32Vector.allocate(arena, cols);
        I8Vector q = I8Vector.allocate(arena, Math.max(rows, cols));
        I8Batch batch = I8Batch.allocate(arena, 3, cols);
        for (int col = 0; col < cols; col++) {
            x.set(col, random.nextFloat());
            q.segment().set(ValueLayout.JAVA_BYTE, col, (byte) random.nextInt());
            batch.column(col % 3).segment().set(ValueLayout.JAVA_BYTE, col, (byte) random.nextInt());
        }
        batch.column(1).scale(3);
        return new ParallelProblem(Qk256Matrix.of(codes, rows, cols, Codebook.QK256), wide, listed, x, q, batch, arena);
    }

    /** The result, allocated in the problem's arena. */
    float[] run(Operation operation, Kernel kernel, int fromRow, int toRow) {
        long length = switch (operation) {
            case DEQUANTIZE -> (long) (toRow - fromRow) * w.cols();
            case GEMV_F32, GEMV_I8, GEMV_LISTED -> w.rows();
            case GEMV_TRANSPOSED -> w.cols();
            case GEMM_I8, GEMM_Q8 -> (long) batch.columns() * w.rows();
        };
        F32Vector out = F32Vector.allocate(arena, length);
        switch (operation) {
            case DEQUANTIZE -> kernel.dequantize(w, fromRow, toRow, out);
            case GEMV_F32 -> kernel.gemv(w, x, fromRow, toRow, out);
            case GEMV_I8 -> kernel.gemv(w, q, fromRow, toRow, out);
            case GEMM_I8 -> kernel.gemm(w, batch, fromRow, toRow, out);
            case GEMM_Q8 -> kernel.gemm(wide, batch, fromRow, toRow, out);
            case GEMV_LISTED -> kernel.gemvListed(w, q, listed, fromRow, toRow, out);
            case GEMV_TRANSPOSED -> kernel.gemvTransposed(w, q, listed, column(fromRow), column(toRow), out);
        }
        return out.toArray();
    }

    /** The column that is as far from the first as a row is. */
    private int column(int row) {
        return (int) ((long) row * w.cols() / w.rows());
    }
}
