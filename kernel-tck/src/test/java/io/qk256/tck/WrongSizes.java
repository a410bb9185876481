package io.qk256.tck;

import io.qk256.spi.F32Vector;
import io.qk256.spi.I8Batch;
import io.qk256.spi.I8Vector;
import io.qk256.spi.Kernel;
import io.qk256.spi.Qk256;
import io.qk256.spi.Qk256Matrix;
import io.qk256.tck.WrongBatches.PlainBatch;
import java.util.function.IntUnaryOperator;

/** All kernels in this file are wrong! They are right only for ordinary sizes, or up to the limit of a counter. */
final class WrongSizes {

    private WrongSizes() {}

    static void addTo(WrongKernels wrong) {
        addCounters(wrong);
        addBatches(wrong);
        addRows(wrong);
        addMemory(wrong);
    }

    private static Kernel columns(IntUnaryOperator counted) {
        return new PlainKernel() {
            @Override
            int columns(Qk256Matrix w) {
                return counted.applyAsInt(w.cols());
            }
        };
    }

    private static Kernel rows(IntUnaryOperator counted) {
        return new PlainKernel() {
            @Override
            protected void gemvF32Rows(Qk256Matrix w, F32Vector x, int fromRow, int toRow, F32Vector y) {
                super.gemvF32Rows(w, x, fromRow, fromRow + counted.applyAsInt(toRow - fromRow), y);
            }
        };
    }

    private static void addCounters(WrongKernels wrong) {
        wrong.add("columns-past-16384-ignored", Rules.LARGE, columns(cols -> Math.min(cols, 16_384)));
        wrong.add("columns-counted-in-15-bits", Rules.LARGE, columns(cols -> cols & 0x7FFF));
        wrong.add("columns-counted-in-16-bits", Rules.LARGE, columns(cols -> cols & 0xFFFF));
        wrong.add("columns-counted-in-20-bits", Rules.LARGE, columns(cols -> cols & 0xF_FFFF));
        wrong.add("rows-counted-in-15-bits", Rules.LARGE, rows(rows -> rows & 0x7FFF));
        wrong.add("rows-counted-in-16-bits", Rules.LARGE, rows(rows -> rows & 0xFFFF));
        wrong.add("rows-counted-in-20-bits", Rules.LARGE, rows(rows -> rows & 0xF_FFFF));
        wrong.add("block-scales-counted-in-16-bits", Rules.LARGE, new PlainKernel() {
            @Override
            float groupScale(Qk256Matrix w, int row, int block) {
                int place = (row * w.groups() + block) & 0xFFFF;
                return super.groupScale(w, place / w.groups(), place % w.groups());
            }
        });
        wrong.add("scratch-for-a-million-columns", Rules.LARGE, new PlainKernel() {
            private final ThreadLocal<float[]> scratch = ThreadLocal.withInitial(() -> new float[1_000_000]);

            @Override
            float rowProduct(Qk256Matrix w, F32Vector x, int row) {
                scratch.get()[w.cols() - 1] = 0;
                return super.rowProduct(w, x, row);
            }
        });
    }

    private static void addBatches(WrongKernels wrong) {
        wrong.add("seven-of-eight-columns", Rules.BATCH, batch(columns -> columns == 8 ? 7 : columns));
        wrong.add("thirty-two-columns-at-most", Rules.BATCH, batch(columns -> Math.min(32, columns)));
        wrong.add("int8-columns-counted-in-8-bits", Rules.BATCH, batch(columns -> columns & 0xFF));
        wrong.add("int8-columns-counted-in-16-bits", Rules.LARGE, batch(columns -> columns & 0xFFFF));
        wrong.add("scale-of-the-column-in-5-bits", Rules.BATCH, new PlainBatch() {
            @Override
            float product(Qk256Matrix w, I8Batch x, int column, int row) {
                I8Vector other = I8Vector.of(
                        x.column(column).segment(), x.column(column % 32).scale());
                return integerRowProduct(w, other, row);
            }
        });
        wrong.add("eight-columns-summed-in-f32", Rules.BATCH, new PlainBatch() {
            @Override
            float product(Qk256Matrix w, I8Batch x, int column, int row) {
                I8Vector q = x.column(column);
                if (x.columns() < 8 || w.groupScales().isPresent()) {
                    return super.product(w, x, column, row);
                }
                float sum = 0;
                for (int col = 0; col < w.cols(); col++) {
                    sum += integerBlockProduct(w, q, row, col, col + 1);
                }
                return scaled(sum, q.scale(), w.tensorScale());
            }
        });
        wrong.add("exactly-eight-columns-of-odd-rows", Rules.BATCH, new PlainBatch() {
            @Override
            float product(Qk256Matrix w, I8Batch x, int column, int row) {
                boolean lost = x.columns() == 8 && w.rows() % 2 == 1 && row == w.rows() - 1;
                return lost ? 0 : super.product(w, x, column, row);
            }
        });
        wrong.add("result-of-a-batch-in-20-bits", Rules.LARGE, new PlainBatch() {
            @Override
            long place(Qk256Matrix w, I8Batch x, int column, int row) {
                return super.place(w, x, column, row) & 0xF_FFFF;
            }
        });
    }

    private static Kernel batch(IntUnaryOperator counted) {
        return new PlainBatch() {
            @Override
            int columns(I8Batch x) {
                return counted.applyAsInt(x.columns());
            }
        };
    }

    /** Sums from the last block to the first when told to. */
    private abstract static class Backwards extends PlainKernel {

        abstract boolean isBackwards(Qk256Matrix w, int fromRow, int toRow);

        @Override
        protected void gemvF32Rows(Qk256Matrix w, F32Vector x, int fromRow, int toRow, F32Vector y) {
            if (!isBackwards(w, fromRow, toRow)) {
                super.gemvF32Rows(w, x, fromRow, toRow, y);
                return;
            }
            for (int row = fromRow; row < toRow; row++) {
                float sum = 0;
                for (int col = w.cols() - 1; col >= 0; col--) {
                    float product = value(w, code(w, row, col)) * x.get(col);
                    sum += product * groupScale(w, row, col / w.group());
                }
                write(y, row, sum * w.tensorScale());
            }
        }
    }

    private static void addRows(WrongKernels wrong) {
        wrong.add("another-order-from-1000-rows-on", Rules.ROW_RANGES, new Backwards() {
            @Override
            boolean isBackwards(Qk256Matrix w, int fromRow, int toRow) {
                return toRow - fromRow >= 1000;
            }
        });
        wrong.add("another-order-for-a-single-row", Rules.ROW_RANGES, new Backwards() {
            @Override
            boolean isBackwards(Qk256Matrix w, int fromRow, int toRow) {
                return toRow - fromRow == 1;
            }
        });
        wrong.add("another-order-from-a-million-weights-on", Rules.ROW_RANGES, new Backwards() {
            @Override
            boolean isBackwards(Qk256Matrix w, int fromRow, int toRow) {
                return (toRow - fromRow) * (long) w.cols() >= 1_000_000;
            }
        });
        wrong.add("tails-lost-in-groups-of-eight-rows", Rules.EVERY_SIZE, new PlainKernel() {
            @Override
            protected void gemvF32Rows(Qk256Matrix w, F32Vector x, int fromRow, int toRow, F32Vector y) {
                super.gemvF32Rows(w, x, fromRow, toRow, y);
                if (toRow - fromRow >= 8 && w.cols() % 16 == 13) {
                    write(y, fromRow + 7, 0);
                }
            }
        });
        wrong.add("row-64-lost", Rules.EVERY_SIZE, new PlainKernel() {
            @Override
            protected void gemvI8Rows(Qk256Matrix w, I8Vector x, int fromRow, int toRow, F32Vector y) {
                super.gemvI8Rows(w, x, fromRow, toRow, y);
                if (toRow - fromRow > 64) {
                    write(y, fromRow + 64, 0);
                }
            }
        });
    }

    private static void addMemory(WrongKernels wrong) {
        wrong.add("row-stride-from-the-size-of-memory", Rules.LONGER_MEMORY, new PlainKernel() {
            @Override
            long rowStart(Qk256Matrix w, int row) {
                long rowBytes = Qk256.rowBytes(w.cols());
                boolean known = w.rowStride() != rowBytes || w.codes().byteSize() % w.rows() != 0;
                return row * (known ? w.rowStride() : w.codes().byteSize() / w.rows());
            }
        });
        wrong.add("row-as-long-as-x", Rules.LONGER_VECTORS, new PlainKernel() {
            @Override
            protected void gemvF32Rows(Qk256Matrix w, F32Vector x, int fromRow, int toRow, F32Vector y) {
                super.gemvF32Rows(w, x, fromRow, toRow, y);
                for (long col = w.cols(); col < x.length() && toRow > fromRow; col++) {
                    write(y, fromRow, y.get(fromRow) + 0 * x.get(col));
                }
            }
        });
        wrong.add("result-cleared-to-its-end", Rules.LONGER_VECTORS, new PlainKernel() {
            @Override
            protected void dequantizeRows(Qk256Matrix w, int fromRow, int toRow, F32Vector out) {
                for (long i = 0; i < out.length(); i++) {
                    write(out, i, 1);
                }
                super.dequantizeRows(w, fromRow, toRow, out);
            }
        });
        wrong.add("last-row-at-the-end-of-y", Rules.LONGER_VECTORS, new PlainKernel() {
            @Override
            protected void gemvI8Rows(Qk256Matrix w, I8Vector x, int fromRow, int toRow, F32Vector y) {
                super.gemvI8Rows(w, x, fromRow, toRow, y);
                if (toRow == w.rows()) {
                    write(y, y.length() - 1, y.get(toRow - 1L));
                }
            }
        });
        wrong.add("columns-without-their-padding", Rules.LONGER_VECTORS, new PlainBatch() {
            @Override
            float product(Qk256Matrix w, I8Batch x, int column, int row) {
                I8Vector dense = I8Vector.of(
                        x.segment().asSlice((long) column * w.cols(), w.cols()),
                        x.column(column).scale());
                return integerRowProduct(w, dense, row);
            }
        });
        wrong.add("rows-of-a-batch-by-the-length-of-y", Rules.LONGER_VECTORS, new PlainBatch() {
            private final ThreadLocal<Long> length = ThreadLocal.withInitial(() -> 0L);

            @Override
            long place(Qk256Matrix w, I8Batch x, int column, int row) {
                return column * (length.get() / x.columns()) + row;
            }

            @Override
            protected void gemmI8Rows(Qk256Matrix w, I8Batch x, int fromRow, int toRow, F32Vector y) {
                length.set(y.length());
                super.gemmI8Rows(w, x, fromRow, toRow, y);
            }
        });
        wrong.add("last-row-from-the-end-of-memory", Rules.LONGER_MEMORY, new PlainKernel() {
            @Override
            long rowStart(Qk256Matrix w, int row) {
                boolean last = row == w.rows() - 1;
                return last ? w.codes().byteSize() - Qk256.rowBytes(w.cols()) : super.rowStart(w, row);
            }
        });
        wrong.add("blocks-counted-by-the-row-stride", Rules.ROW_STRIDE, new PlainKernel() {
            @Override
            float groupScale(Qk256Matrix w, int row, int block) {
                int blocks = (int) (w.rowStride() / Qk256.BLOCK_BYTES);
                int place = Math.min(row * blocks + block, w.rows() * w.blocks() - 1);
                return super.groupScale(w, place / w.blocks(), place % w.blocks());
            }
        });
    }
}
