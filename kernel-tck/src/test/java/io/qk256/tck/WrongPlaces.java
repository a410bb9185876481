package io.qk256.tck;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.qk256.spi.F32Vector;
import io.qk256.spi.I8Vector;
import io.qk256.spi.Kernel;
import io.qk256.spi.Qk256;
import io.qk256.spi.Qk256Matrix;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;

/** All kernels in this file are wrong! They read from or write to the wrong place, or keep what they have read. */
final class WrongPlaces {

    private WrongPlaces() {}

    static void addTo(WrongKernels wrong) {
        addShapes(wrong);
        addMemory(wrong);
        addState(wrong);
    }

    private static void addShapes(WrongKernels wrong) {
        wrong.add("first-block-again-and-again", Rules.TWO_BLOCKS, new PlainKernel() {
            @Override
            int code(Qk256Matrix w, int row, int col) {
                return super.code(w, row, col % Qk256.BLOCK_WEIGHTS);
            }
        });
        wrong.add("two-blocks-at-most", Rules.FOUR_BLOCKS, columns(2 * Qk256.BLOCK_WEIGHTS));
        wrong.add("four-blocks-at-most", Rules.SIXTEEN_BLOCKS, columns(4 * Qk256.BLOCK_WEIGHTS));
        wrong.add("tail-of-a-block-ignored", Rules.PARTIAL_BLOCK, new PlainKernel() {
            @Override
            int columns(Qk256Matrix w) {
                return w.cols() & -8;
            }
        });
        wrong.add("tail-of-one-ignored", Rules.ONE_WEIGHT_MORE, new PlainKernel() {
            @Override
            int columns(Qk256Matrix w) {
                return w.cols() & -2;
            }
        });
        wrong.add("negative-sums-lost", Rules.SEVEN_SEEDS, new PlainKernel() {
            @Override
            void write(F32Vector result, long place, float value) {
                super.write(result, place, Math.max(0, value));
            }
        });
        wrong.add("four-rows-at-most", Rules.MANY_ROWS, new PlainKernel() {
            @Override
            protected void gemvF32Rows(Qk256Matrix w, F32Vector x, int fromRow, int toRow, F32Vector y) {
                super.gemvF32Rows(w, x, fromRow, Math.min(toRow, fromRow + 4), y);
            }
        });
        wrong.add("one-size-forgotten-with-block-scales", Rules.EVERY_SIZE, new PlainKernel() {
            @Override
            int columns(Qk256Matrix w) {
                return w.cols() == 777 && w.groupScales().isPresent() ? 776 : w.cols();
            }
        });
        wrong.add("first-row-is-always-row-0", Rules.ROW_RANGES, new PlainKernel() {
            @Override
            protected void gemvI8Rows(Qk256Matrix w, I8Vector x, int fromRow, int toRow, F32Vector y) {
                for (int row = fromRow; row < toRow; row++) {
                    write(y, row, integerRowProduct(w, x, row - fromRow));
                }
            }
        });
        wrong.add("range-of-rows-ignored", Rules.ROW_RANGES, new PlainKernel() {
            @Override
            protected void gemvF32Rows(Qk256Matrix w, F32Vector x, int fromRow, int toRow, F32Vector y) {
                super.gemvF32Rows(w, x, 0, w.rows(), y);
            }
        });
        wrong.add("odd-columns-refused", Rules.ONE_WEIGHT_MORE, new PlainKernel() {
            @Override
            int columns(Qk256Matrix w) {
                if (w.cols() % 2 == 1) {
                    throw new IllegalArgumentException("cols: " + w.cols() + ", expected an even number");
                }
                return w.cols();
            }
        });
        wrong.add("row-stride-ignored", Rules.ROW_STRIDE, new PlainKernel() {
            @Override
            long rowStart(Qk256Matrix w, int row) {
                return row * Qk256.rowBytes(w.cols());
            }
        });
        wrong.add("stride-of-32-bits-in-later-rows-of-a-range", Rules.RANDOM, new PlainKernel() {
            @Override
            protected void gemvF32Rows(Qk256Matrix w, F32Vector x, int fromRow, int toRow, F32Vector y) {
                super.gemvF32Rows(w, x, fromRow, toRow, y);
                if (fromRow > 0 && w.rowStride() % Integer.BYTES != 0) {
                    y.set(fromRow, 0);
                }
            }
        });
    }

    private static Kernel columns(int most) {
        return new PlainKernel() {
            @Override
            int columns(Qk256Matrix w) {
                return Math.min(most, w.cols());
            }
        };
    }

    private static void addMemory(WrongKernels wrong) {
        wrong.add("offsets-of-32-bits", Rules.ROW_STRIDE, new PlainKernel() {
            @Override
            long rowStart(Qk256Matrix w, int row) {
                return (int) super.rowStart(w, row);
            }
        });
        wrong.add("codes-read-as-aligned-ints", Rules.ALIGNMENT, new PlainKernel() {
            @Override
            int code(Qk256Matrix w, int row, int col) {
                int sixteen =
                        w.codes().get(JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN), rowStart(w, row) + col / 16 * 4L);
                return sixteen >> (2 * (col % 16)) & 3;
            }
        });
        wrong.add("dirty-result-added-to", Rules.DIRTY_RESULT, new PlainKernel() {
            @Override
            void write(F32Vector result, long place, float value) {
                super.write(result, place, result.get(place) + value);
            }
        });
        wrong.add("padding-counted", Rules.PADDING, new PlainKernel() {
            @Override
            int integerBlockProduct(Qk256Matrix w, I8Vector x, int row, int from, int to) {
                int padding = w.cols() % 4 == 0 ? 0 : code(w, row, w.cols());
                return super.integerBlockProduct(w, x, row, from, to) + padding;
            }
        });
        wrong.add("reads-x-past-its-end", Rules.READS_INSIDE, new PlainKernel() {
            @Override
            float rowProduct(Qk256Matrix w, F32Vector x, int row) {
                float next = x.segment().heapBase().orElse(null) instanceof float[] array
                        ? array[(int) (x.segment().address() / Float.BYTES + x.length())]
                        : 0;
                return super.rowProduct(w, x, row) + 0 * next;
            }
        });
        wrong.add("writes-past-the-end", Rules.WRITES_INSIDE, new PlainKernel() {
            @Override
            void write(F32Vector result, long place, float value) {
                super.write(result, place, value);
                if (result.segment().heapBase().orElse(null) instanceof float[] array) {
                    array[(int) (result.segment().address() / Float.BYTES + result.length())] = 1;
                }
            }
        });
        wrong.add("writes-before-the-start", Rules.WRITES_INSIDE, new PlainKernel() {
            @Override
            void write(F32Vector result, long place, float value) {
                super.write(result, place, value);
                if (result.segment().heapBase().orElse(null) instanceof float[] array
                        && result.segment().address() > 0) {
                    array[(int) (result.segment().address() / Float.BYTES - 1)] = 1;
                }
            }
        });
        wrong.add("input-changed", Rules.INPUTS_UNCHANGED, new PlainKernel() {
            @Override
            protected void gemvI8Rows(Qk256Matrix w, I8Vector x, int fromRow, int toRow, F32Vector y) {
                super.gemvI8Rows(w, x, fromRow, toRow, y);
                MemorySegment q = x.segment();
                if (!q.isReadOnly()) {
                    q.set(JAVA_BYTE, 0, (byte) -q.get(JAVA_BYTE, 0));
                }
            }
        });
        wrong.add("heap-means-float-array", Rules.MEMORY, new PlainKernel() {
            @Override
            protected void gemvF32Rows(Qk256Matrix w, F32Vector x, int fromRow, int toRow, F32Vector y) {
                F32Vector copy = x.segment()
                        .heapBase()
                        .map(base -> F32Vector.of(F32Vector.of((float[]) base).toArray())
                                .slice(x.segment().address() / 4, x.segment().address() / 4 + x.length()))
                        .orElse(x);
                super.gemvF32Rows(w, copy, fromRow, toRow, y);
            }
        });
    }

    private static void addState(WrongKernels wrong) {
        wrong.add("one-scratch-row-for-all-threads", Rules.THREADS, new PlainKernel() {
            private final float[] scratch = new float[4096];

            @Override
            float rowProduct(Qk256Matrix w, F32Vector x, int row) {
                for (int col = 0; col < w.cols(); col++) {
                    scratch[col] = weight(w, row, col);
                }
                LockSupport.parkNanos(1); // Lets the other threads run.
                float sum = 0;
                for (int col = 0; col < w.cols(); col++) {
                    sum += scratch[col] * x.get(col);
                }
                return sum;
            }
        });
        wrong.add("result-kept-for-the-same-vector", Rules.NOTHING_REMEMBERED, new PlainKernel() {
            private final Map<List<Object>, Float> known = new ConcurrentHashMap<>();

            @Override
            float rowProduct(Qk256Matrix w, F32Vector x, int row) {
                return known.computeIfAbsent(List.of(w, x, row), key -> super.rowProduct(w, x, row));
            }
        });
        wrong.add("scratch-not-cleared", Rules.NOTHING_REMEMBERED, new PlainKernel() {
            private final ThreadLocal<float[]> scratch = ThreadLocal.withInitial(() -> new float[16_384]);

            @Override
            float rowProduct(Qk256Matrix w, F32Vector x, int row) {
                float[] padded = scratch.get();
                for (int col = 0; col < w.cols(); col++) {
                    padded[col] = x.get(col);
                }
                float sum = super.rowProduct(w, x, row);
                for (int col = w.cols(); col % 16 != 0; col++) {
                    sum += 0 * padded[col];
                }
                return sum;
            }
        });
    }
}
