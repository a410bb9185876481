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

    /** Columns of activations, of any type. */
    private interface Columns {

        int count();

        /** Copies values of a column, and returns their multiplier. */
        int copy(int column, int group, int cols, short[] q);

        float scale(int column);
    }

    static void multiply(Q8Matrix w, I8Batch x, int fromRow, int toRow, F32Vector y) {
        byte[] bytes = new byte[GROUP];
        multiply(w, fromRow, toRow, y, new Columns() {
            @Override
            public int count() {
                return x.columns();
            }

            @Override
            public int copy(int column, int group, int cols, short[] q) {
                I8Vector of = x.column(column);
                MemorySegment.copy(of.segment(), ValueLayout.JAVA_BYTE, (long) group * GROUP, bytes, 0, cols);
                for (int c = 0; c < cols; c++) {
                    q[c] = bytes[c];
                }
                return of.multiplier(group);
            }

            @Override
            public float scale(int column) {
                return x.column(column).scale();
            }
        });
    }

    static void multiply(Q8Matrix w, I16Batch x, int fromRow, int toRow, F32Vector y) {
        multiply(w, fromRow, toRow, y, new Columns() {
            @Override
            public int count() {
                return x.columns();
            }

            @Override
            public int copy(int column, int group, int cols, short[] q) {
                x.copy(column, (long) group * GROUP, q, cols);
                return 1;
            }

            @Override
            public float scale(int column) {
                return x.scale(column);
            }
        });
    }

    private static void multiply(Q8Matrix w, int fromRow, int toRow, F32Vector y, Columns x) {
        byte[] codes = new byte[Q8Matrix.BLOCK_BYTES];
        short[] q = new short[GROUP];
        double[] sums = new double[x.count() * ROWS];
        for (int first = fromRow / ROWS * ROWS; first < toRow; first += ROWS) {
            Arrays.fill(sums, 0);
            for (int group = 0; group < w.groups(); group++) {
                long at = w.codeAt(first, group * GROUP);
                MemorySegment.copy(w.codes(), ValueLayout.JAVA_BYTE, at, codes, 0, codes.length);
                addGroup(w, x, first, group, codes, q, sums);
            }
            int from = Math.max(fromRow, first);
            int to = Math.min(toRow, first + ROWS);
            for (int i = 0; i < x.count(); i++) {
                for (int row = from; row < to; row++) {
                    float sum = (float) sums[i * ROWS + row - first];
                    y.set((long) i * w.rows() + row, sum / x.scale(i));
                }
            }
        }
    }

    private static void addGroup(Q8Matrix w, Columns x, int first, int group, byte[] codes, short[] q, double[] sums) {
        int cols = Math.min(GROUP, w.cols() - group * GROUP);
        int rows = Math.min(ROWS, w.rows() - first);
        Arrays.fill(q, (short) 0); // Padding codes mean nothing.
        for (int i = 0; i < x.count(); i++) {
            int multiplier = x.copy(i, group, cols, q);
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
