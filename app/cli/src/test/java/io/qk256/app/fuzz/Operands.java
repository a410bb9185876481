package io.qk256.app.fuzz;

import io.qk256.spi.F32Vector;
import io.qk256.spi.I16Batch;
import io.qk256.spi.I8Batch;
import io.qk256.spi.I8Vector;
import io.qk256.spi.IndexList;
import io.qk256.spi.Kernel;
import io.qk256.spi.Operation;
import io.qk256.spi.Q8Matrix;
import io.qk256.spi.Qk256Matrix;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The arguments of an operation.
 *
 * @param wide the weights for the GEMM of 8-bit rows
 * @param x activations for f32 GEMV
 * @param q activations for int8 GEMV
 * @param batch activations for int8 GEMM
 * @param shorts activations for the GEMM of 8-bit rows, or null if {@code batch} has them
 * @param listed rows of the matrix
 * @param y the result
 */
record Operands(
        Operation operation,
        Qk256Matrix w,
        Q8Matrix wide,
        F32Vector x,
        I8Vector q,
        I8Batch batch,
        @Nullable I16Batch shorts,
        IndexList listed,
        int fromRow,
        int toRow,
        F32Vector y) {

    /** The number of values of an operation's result. */
    static long resultLength(Operation operation, int rows, int cols, int fromRow, int toRow, int columns) {
        return switch (operation) {
            case DEQUANTIZE -> (long) (toRow - fromRow) * cols;
            case GEMV_F32, GEMV_I8, GEMV_LISTED, GEMV_TRANSPOSED -> rows;
            case GEMM_I8, GEMM_Q8 -> (long) columns * rows;
        };
    }

    /** The rows of the operation's matrix; if that is stored by columns, the columns. */
    int rows() {
        return switch (operation) {
            case GEMM_Q8 -> wide.rows();
            case GEMV_TRANSPOSED -> w.cols();
            default -> w.rows();
        };
    }

    /** The columns of the operation's matrix; if that is stored by columns, the rows. */
    int cols() {
        return switch (operation) {
            case GEMM_Q8 -> wide.cols();
            case GEMV_TRANSPOSED -> w.rows();
            default -> w.cols();
        };
    }

    /** Whether a value of the result is computed. */
    boolean isListed(int row) {
        return operation != Operation.GEMV_LISTED
                || IntStream.range(0, listed.size()).anyMatch(i -> listed.get(i) == row);
    }

    /** The columns of activations of an operation that takes several. */
    int columns() {
        return shorts == null ? batch.columns() : shorts.columns();
    }

    void run(Kernel kernel) {
        runInto(kernel, y);
    }

    void runInto(Kernel kernel, F32Vector result) {
        switch (operation) {
            case DEQUANTIZE -> kernel.dequantize(w, fromRow, toRow, result);
            case GEMV_F32 -> kernel.gemv(w, x, fromRow, toRow, result);
            case GEMV_I8 -> kernel.gemv(w, q, fromRow, toRow, result);
            case GEMM_I8 -> kernel.gemm(w, batch, fromRow, toRow, result);
            case GEMM_Q8 -> {
                if (shorts == null) {
                    kernel.gemm(wide, batch, fromRow, toRow, result);
                } else {
                    kernel.gemm(wide, shorts, fromRow, toRow, result);
                }
            }
            case GEMV_LISTED -> kernel.gemvListed(w, q, listed, fromRow, toRow, result);
            case GEMV_TRANSPOSED -> kernel.gemvTransposed(w, q, listed, fromRow, toRow, result);
        }
    }

    @Override
    public String toString() {
        return operation + " of rows [" + fromRow + ", " + toRow + ") of " + w + " with row stride " + w.rowStride()
                + ", "
                + w.codebook() + (w.hasGroupScales() ? ", " + w.scaleType() + " scales of " + w.group() : "")
                + ", tensor scale "
                + w.tensorScale() + "; codes " + w.codes() + "; x " + x.segment() + "; q " + q.segment() + ", scale "
                + q.scale() + "; list " + listed + "; batch " + batch + " " + batch.segment() + "; shorts "
                + shorts + (shorts == null ? "" : " " + shorts.segment()) + "; y " + y.segment();
    }
}
