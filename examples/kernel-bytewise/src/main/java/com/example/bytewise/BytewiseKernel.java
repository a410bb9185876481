package com.example.bytewise;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.qk256.spi.F32Vector;
import io.qk256.spi.I8Vector;
import io.qk256.spi.Kernel;
import io.qk256.spi.Qk256;
import io.qk256.spi.Qk256Matrix;

/**
 * Decodes a byte at a time: four weights, from a table with an entry for each of the 256 bytes. Its methods receive
 * checked arguments and may trust them.
 */
final class BytewiseKernel extends Kernel {

    private static final int CODES = 4;

    /** The code of weight {@code i} of a byte is {@code CODE[byte * 4 + i]}. */
    private static final byte[] CODE = new byte[256 * CODES];

    static {
        for (int i = 0; i < CODE.length; i++) {
            CODE[i] = (byte) (i / CODES >> (2 * (i % CODES)) & 3);
        }
    }

    @Override
    protected void dequantizeRows(Qk256Matrix w, int fromRow, int toRow, F32Vector out) {
        long written = 0;
        for (int row = fromRow; row < toRow; row++) {
            for (int col = 0; col < w.cols(); col++) {
                float scale = w.scale(row, col / Qk256.BLOCK_WEIGHTS);
                out.set(written++, w.codebook().value(code(w, row, col)) * scale);
            }
        }
    }

    @Override
    protected void gemvF32Rows(Qk256Matrix w, F32Vector x, int fromRow, int toRow, F32Vector y) {
        for (int row = fromRow; row < toRow; row++) {
            float sum = 0;
            for (int block = 0; block < w.blocks(); block++) {
                float blockSum = 0;
                for (int col = firstColumn(block); col < endColumn(w, block); col++) {
                    blockSum += w.codebook().value(code(w, row, col)) * x.get(col);
                }
                sum += blockSum * w.blockScale(row, block);
            }
            y.set(row, sum * w.tensorScale());
        }
    }

    @Override
    protected void gemvI8Rows(Qk256Matrix w, I8Vector x, int fromRow, int toRow, F32Vector y) {
        for (int row = fromRow; row < toRow; row++) {
            double sum = 0;
            for (int block = 0; block < w.blocks(); block++) {
                int blockSum = 0;
                for (int col = firstColumn(block); col < endColumn(w, block); col++) {
                    int value = (int) w.codebook().value(code(w, row, col));
                    blockSum += value * x.segment().get(JAVA_BYTE, col);
                }
                sum += (double) blockSum * w.blockScale(row, block);
            }
            y.set(row, (float) sum / x.scale() * w.tensorScale());
        }
    }

    private static int code(Qk256Matrix w, int row, int col) {
        int packed = w.codes().get(JAVA_BYTE, row * w.rowStride() + col / CODES) & 0xFF;
        return CODE[packed * CODES + col % CODES];
    }

    private static int firstColumn(int block) {
        return block * Qk256.BLOCK_WEIGHTS;
    }

    /** The last block of a row may hold fewer weights than its 64 bytes have codes. */
    private static int endColumn(Qk256Matrix w, int block) {
        return Math.min(w.cols(), firstColumn(block + 1));
    }
}
