package io.qk256.scalar;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.qk256.spi.Codebook;
import io.qk256.spi.F32Vector;
import io.qk256.spi.I8Vector;
import io.qk256.spi.Kernel;
import io.qk256.spi.Qk256;
import io.qk256.spi.Qk256Matrix;
import java.lang.foreign.MemorySegment;

/**
 * The contract of {@link Kernel} in the plainest code that the JVM runs well: for each row, for each block, for each
 * weight. Other kernels are measured against it. Stateless and thread-safe.
 */
final class ScalarKernel extends Kernel {

    @Override
    protected void dequantizeRows(Qk256Matrix w, int fromRow, int toRow, F32Vector out) {
        long written = 0;
        for (int row = fromRow; row < toRow; row++) {
            for (int block = 0; block < w.blocks(); block++) {
                float scale = w.scale(row, block);
                Codebook codebook = w.codebook();
                float v0 = codebook.value0() * scale;
                float v1 = codebook.value1() * scale;
                float v2 = codebook.value2() * scale;
                float v3 = codebook.value3() * scale;
                long codes = blockOffset(w, row, block);
                int weights = weightsInBlock(w, block);
                for (int i = 0; i < weights; i++) {
                    out.set(written + i, pick(code(w.codes(), codes, i), v0, v1, v2, v3));
                }
                written += weights;
            }
        }
    }

    @Override
    protected void gemvF32Rows(Qk256Matrix w, F32Vector x, int fromRow, int toRow, F32Vector y) {
        Codebook codebook = w.codebook();
        for (int row = fromRow; row < toRow; row++) {
            float sum = 0;
            for (int block = 0; block < w.blocks(); block++) {
                long codes = blockOffset(w, row, block);
                long firstColumn = (long) block * Qk256.BLOCK_WEIGHTS;
                int weights = weightsInBlock(w, block);
                float blockSum = 0;
                for (int i = 0; i < weights; i++) {
                    blockSum += value(codebook, code(w.codes(), codes, i)) * x.get(firstColumn + i);
                }
                sum += blockSum * w.blockScale(row, block);
            }
            y.set(row, sum * w.tensorScale());
        }
    }

    @Override
    protected void gemvI8Rows(Qk256Matrix w, I8Vector x, int fromRow, int toRow, F32Vector y) {
        MemorySegment q = x.segment();
        Codebook codebook = w.codebook();
        int v0 = (int) codebook.value0();
        int v1 = (int) codebook.value1();
        int v2 = (int) codebook.value2();
        int v3 = (int) codebook.value3();
        for (int row = fromRow; row < toRow; row++) {
            double sum = 0;
            for (int block = 0; block < w.blocks(); block++) {
                long codes = blockOffset(w, row, block);
                long firstColumn = (long) block * Qk256.BLOCK_WEIGHTS;
                int weights = weightsInBlock(w, block);
                int blockSum = 0;
                for (int i = 0; i < weights; i++) {
                    int value = pick(code(w.codes(), codes, i), v0, v1, v2, v3);
                    blockSum += value * q.get(JAVA_BYTE, firstColumn + i);
                }
                sum += (double) blockSum * w.blockScale(row, block);
            }
            y.set(row, (float) sum / x.scale() * w.tensorScale());
        }
    }

    private static long blockOffset(Qk256Matrix w, int row, int block) {
        return row * w.rowStride() + (long) block * Qk256.BLOCK_BYTES;
    }

    /** The last block of a row may be shorter than its 64 bytes. */
    private static int weightsInBlock(Qk256Matrix w, int block) {
        return Math.min(Qk256.BLOCK_WEIGHTS, w.cols() - block * Qk256.BLOCK_WEIGHTS);
    }

    private static int code(MemorySegment codes, long blockOffset, int i) {
        return codes.get(JAVA_BYTE, blockOffset + (i >> 2)) >> (2 * (i & 3)) & 3;
    }

    private static float value(Codebook codebook, int code) {
        return pick(code, codebook.value0(), codebook.value1(), codebook.value2(), codebook.value3());
    }

    private static float pick(int code, float v0, float v1, float v2, float v3) {
        return code < 2 ? (code == 0 ? v0 : v1) : (code == 2 ? v2 : v3);
    }

    private static int pick(int code, int v0, int v1, int v2, int v3) {
        return code < 2 ? (code == 0 ? v0 : v1) : (code == 2 ? v2 : v3);
    }

    @Override
    public String toString() {
        return "scalar Java";
    }
}
