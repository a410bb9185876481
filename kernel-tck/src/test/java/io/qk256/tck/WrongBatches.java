package io.qk256.tck;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.qk256.spi.F32Vector;
import io.qk256.spi.I8Batch;
import io.qk256.spi.I8Vector;
import io.qk256.spi.Kernel;
import io.qk256.spi.Qk256Matrix;

/** All kernels in this file are wrong! Their gemv-i8 is right, but their gemm-i8 is not. */
final class WrongBatches {

    /** A correct GEMM in small methods. */
    static class PlainBatch extends PlainKernel {

        int columns(I8Batch x) {
            return x.columns();
        }

        int rowsFrom(int fromRow) {
            return fromRow;
        }

        long place(Qk256Matrix w, I8Batch x, int column, int row) {
            return (long) column * w.rows() + row;
        }

        float product(Qk256Matrix w, I8Batch x, int column, int row) {
            return integerRowProduct(w, x.column(column), row);
        }

        @Override
        protected void gemmI8Rows(Qk256Matrix w, I8Batch x, int fromRow, int toRow, F32Vector y) {
            for (int column = 0; column < columns(x); column++) {
                for (int row = rowsFrom(fromRow); row < toRow; row++) {
                    write(y, place(w, x, column, row), product(w, x, column, row));
                }
            }
        }
    }

    private WrongBatches() {}

    static void addTo(WrongKernels wrong) {
        addColumns(wrong);
        addNeighbors(wrong);
    }

    private static void addColumns(WrongKernels wrong) {
        wrong.add("sixteen-columns-at-most", Rules.BATCH, columns(16));
        wrong.add("four-columns-at-most", Rules.BATCH, columns(4));
        wrong.add("last-odd-column-forgotten", Rules.BATCH, new PlainBatch() {
            @Override
            int columns(I8Batch x) {
                return x.columns() == 1 ? 1 : x.columns() & -2;
            }
        });
        wrong.add("result-row-by-row", Rules.BATCH, new PlainBatch() {
            @Override
            long place(Qk256Matrix w, I8Batch x, int column, int row) {
                return (long) row * x.columns() + column;
            }
        });
        wrong.add("batch-of-all-rows-before", Rules.BATCH, new PlainBatch() {
            @Override
            int rowsFrom(int fromRow) {
                return 0;
            }
        });
        wrong.add("scale-of-the-first-column-for-all", Rules.BATCH, new PlainBatch() {
            @Override
            float product(Qk256Matrix w, I8Batch x, int column, int row) {
                I8Vector first =
                        I8Vector.of(x.column(column).segment(), x.column(0).scale());
                return integerRowProduct(w, first, row);
            }
        });
    }

    private static Kernel columns(int most) {
        return new PlainBatch() {
            @Override
            int columns(I8Batch x) {
                return Math.min(most, x.columns());
            }
        };
    }

    private static void addNeighbors(WrongKernels wrong) {
        wrong.add("batch-with-a-reciprocal", Rules.BATCH_BY_COLUMN, new PlainBatch() {
            @Override
            float product(Qk256Matrix w, I8Batch x, int column, int row) {
                float scale = x.column(column).scale();
                I8Vector unscaled = I8Vector.of(x.column(column).segment(), 1);
                return integerRowProduct(w, unscaled, row) * (1 / scale);
            }
        });
        wrong.add("tail-reaches-into-the-next-column", Rules.BATCH_BY_COLUMN, new PlainBatch() {
            @Override
            float product(Qk256Matrix w, I8Batch x, int column, int row) {
                boolean last = column + 1 == x.columns() || w.cols() % 2 == 0;
                float next = last ? 0 : x.column(column + 1).segment().get(JAVA_BYTE, 0);
                return super.product(w, x, column, row) + next;
            }
        });
    }
}
