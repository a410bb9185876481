package io.qk256.spi;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * The product of 8-bit rows in plain Java, for kernels without a faster one. Its loops run over the rows of a tile,
 * whose codes are near each other. Stateless and thread-safe.
 */
final class PlainQ8 {

    private static final int ROWS = Q8Matrix.TILE_ROWS;
    private static final int GROUP = Q8Matrix.GROUP;
    private static final int TOGETHER = 4;

    private PlainQ8() {}

    static void multiply(Q8Matrix w, I8Batch x, int fromRow, int toRow, F32Vector y) {
        byte[] codes = new byte[Q8Matrix.BLOCK_BYTES];
        byte[] q = new byte[GROUP];
        double[] sums = new double[x.columns() * ROWS];
        for (int first = fromRow / ROWS * ROWS; first < toRow; first += ROWS) {
            Arrays.fill(sums, 0);
            for (int group = 0; group < w.groups(); group++) {
                long at = w.codeAt(first, group * GROUP);
                MemorySegment.copy(w.codes(), ValueLayout.JAVA_BYTE, at, codes, 0, codes.length);
                addGroup(w, x, first, group, codes, q, sums);
            }
            int from = Math.max(fromRow, first);
            int to = Math.min(toRow, first + ROWS);
            for (int i = 0; i < x.columns(); i++) {
                for (int row = from; row < to; row++) {
                    float sum = (float) sums[i * ROWS + row - first];
                    y.set((long) i * w.rows() + row, sum / x.column(i).scale());
                }
            }
        }
    }

    private static void addGroup(Q8Matrix w, I8Batch x, int first, int group, byte[] codes, byte[] q, double[] sums) {
        int cols = Math.min(GROUP, w.cols() - group * GROUP);
        int rows = Math.min(ROWS, w.rows() - first);
        Arrays.fill(q, (byte) 0); // Padding codes mean nothing.
        for (int i = 0; i < x.columns(); i++) {
            I8Vector column = x.column(i);
            MemorySegment.copy(column.segment(), ValueLayout.JAVA_BYTE, (long) group * GROUP, q, 0, cols);
            int multiplier = column.multiplier(group);
            for (int row = 0; row < rows; row++) {
                int sum = 0;
                for (int c = 0; c < GROUP; c += TOGETHER) {
                    int at = c * ROWS + row * TOGETHER;
                    sum += codes[at] * q[c]
                            + codes[at + 1] * q[c + 1]
                            + codes[at + 2] * q[c + 2]
                            + codes[at + 3] * q[c + 3];
                }
                sums[i * ROWS + row] += (double) ((long) sum * multiplier) * w.scale(first + row, group);
            }
        }
    }
}
