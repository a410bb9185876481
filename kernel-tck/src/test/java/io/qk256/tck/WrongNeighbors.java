package io.qk256.tck;

import io.qk256.spi.Codebook;
import io.qk256.spi.F32Vector;
import io.qk256.spi.I8Vector;
import io.qk256.spi.Kernel;
import io.qk256.spi.Qk256Matrix;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import java.util.function.ToIntFunction;

/** All kernels in this file are wrong! They ignore that others use the memory before, during or after the call. */
final class WrongNeighbors {

    private WrongNeighbors() {}

    static void addTo(WrongKernels wrong) {
        addRowsOfOthers(wrong);
        addPlaces(wrong);
        addMemories(wrong);
        addThreads(wrong);
    }

    /** Computes in a copy of part of the result, and writes the whole copy back. */
    private abstract static class Copying extends PlainKernel {

        abstract int start(int fromRow);

        abstract int end(int toRow, int rows);

        @Override
        protected void gemvF32Rows(Qk256Matrix w, F32Vector x, int fromRow, int toRow, F32Vector y) {
            F32Vector copy = F32Vector.of(y.toArray());
            super.gemvF32Rows(w, x, fromRow, toRow, copy);
            for (int row = start(fromRow); row < end(toRow, w.rows()); row++) {
                y.set(row, copy.get(row));
            }
        }
    }

    private static void addRowsOfOthers(WrongKernels wrong) {
        wrong.add("rows-written-back-in-aligned-eights", Rules.OTHERS_ROWS, new Copying() {
            @Override
            int start(int fromRow) {
                return fromRow & -8;
            }

            @Override
            int end(int toRow, int rows) {
                return Math.min(rows, (toRow + 7) & -8);
            }
        });
        wrong.add("whole-result-written-back", Rules.OTHERS_ROWS, new Copying() {
            @Override
            int start(int fromRow) {
                return 0;
            }

            @Override
            int end(int toRow, int rows) {
                return rows;
            }
        });
        wrong.add("row-after-the-range-borrowed", Rules.OTHERS_ROWS, new PlainKernel() {
            @Override
            protected void gemvI8Rows(Qk256Matrix w, I8Vector x, int fromRow, int toRow, F32Vector y) {
                float borrowed = toRow < w.rows() ? y.get(toRow) : 0;
                super.gemvI8Rows(w, x, fromRow, toRow, y);
                if (toRow < w.rows()) {
                    y.set(toRow, borrowed);
                }
            }
        });
        wrong.add("x-scaled-in-place-and-back", Rules.INPUTS_UNCHANGED, new PlainKernel() {
            @Override
            protected void gemvF32Rows(Qk256Matrix w, F32Vector x, int fromRow, int toRow, F32Vector y) {
                boolean scalable = !x.segment().isReadOnly();
                scale(x, scalable ? 2 : 1);
                super.gemvF32Rows(w, x, fromRow, toRow, y);
                scale(x, scalable ? 0.5f : 1);
                for (int row = fromRow; row < toRow; row++) {
                    y.set(row, y.get(row) * (scalable ? 0.5f : 1));
                }
            }
        });
    }

    private static void scale(F32Vector x, float factor) {
        for (long i = 0; factor != 1 && i < x.length(); i++) {
            x.set(i, x.get(i) * factor);
        }
    }

    private static Kernel wrongWhere(ToIntFunction<MemorySegment[]> judge) {
        return new PlainKernel() {
            @Override
            protected void gemvF32Rows(Qk256Matrix w, F32Vector x, int fromRow, int toRow, F32Vector y) {
                super.gemvF32Rows(w, x, fromRow, toRow, y);
                MemorySegment[] memory = {w.codes(), x.segment(), y.segment()};
                y.set(fromRow, y.get(fromRow) + judge.applyAsInt(memory));
            }
        };
    }

    private static boolean isAligned(MemorySegment memory, int to) {
        return memory.address() % to == 0;
    }

    private static void addPlaces(WrongKernels wrong) {
        wrong.add(
                "aligned-codes-expected-beside-aligned-x",
                Rules.ALIGNMENT,
                wrongWhere(memory -> isAligned(memory[1], 64) && !isAligned(memory[0], 4) ? 1 : 0));
        wrong.add(
                "result-aligned-as-x-is",
                Rules.ALIGNMENT,
                wrongWhere(memory -> (memory[1].address() - memory[2].address()) % 16 == 0 ? 0 : 1));
        wrong.add("another-order-for-misaligned-x", Rules.ALIGNMENT, new PlainKernel() {
            @Override
            float rowProduct(Qk256Matrix w, F32Vector x, int row) {
                float sum = 0;
                int first = x.segment().isNative() ? (int) (x.segment().address() % 32 / Float.BYTES) : 0;
                for (int i = 0; i < w.cols(); i++) {
                    int col = (i + first) % w.cols();
                    sum += weight(w, row, col) * x.get(col);
                }
                return sum;
            }
        });
        wrong.add(
                "address-0-taken-for-no-memory",
                Rules.MEMORY,
                wrongWhere(memory -> Arrays.stream(memory).anyMatch(each -> each.address() == 0) ? 1 : 0));
        wrong.add("inputs-must-not-share-memory", Rules.MEMORY, new PlainKernel() {
            @Override
            protected void gemvI8Rows(Qk256Matrix w, I8Vector x, int fromRow, int toRow, F32Vector y) {
                if (w.codes().asOverlappingSlice(x.segment()).isPresent()) {
                    throw new IllegalArgumentException("q overlaps the codes");
                }
                super.gemvI8Rows(w, x, fromRow, toRow, y);
            }
        });
    }

    private static void addMemories(WrongKernels wrong) {
        wrong.add("decoded-weights-kept-for-the-same-matrix", Rules.NOTHING_REMEMBERED, new PlainKernel() {
            private final IdentityHashMap<Qk256Matrix, float[]> known = new IdentityHashMap<>();

            @Override
            protected synchronized void dequantizeRows(Qk256Matrix w, int fromRow, int toRow, F32Vector out) {
                float[] all = known.computeIfAbsent(w, key -> {
                    float[] weights = new float[w.rows() * w.cols()];
                    super.dequantizeRows(w, 0, w.rows(), F32Vector.of(weights));
                    return weights;
                });
                for (int i = 0; i < (toRow - fromRow) * w.cols(); i++) {
                    out.set(i, all[fromRow * w.cols() + i]);
                }
            }
        });
        wrong.add("codebook-kept-for-the-same-codes", Rules.NOTHING_REMEMBERED, new PlainKernel() {
            private final Map<Long, Codebook> known = new ConcurrentHashMap<>();

            @Override
            float value(Qk256Matrix w, int code) {
                boolean lasts = w.cols() == 256 && w.rows() == 6 && w.codes().isNative();
                return lasts
                        ? known.computeIfAbsent(w.codes().address(), key -> w.codebook())
                                .value(code)
                        : super.value(w, code);
            }
        });
        addOpened(wrong, "another-order-after-1000-calls", Tiring::new);
        addOpened(wrong, "mode-of-the-kernel-opened-last", LastOpened::new);
    }

    /** A provider that returns a new kernel each time it is opened. */
    private static void addOpened(WrongKernels wrong, String name, Supplier<Kernel> kernel) {
        wrong.add(name, Rules.NOTHING_REMEMBERED, new PlainProvider(name, new PlainKernel()) {
            @Override
            public Kernel open() {
                return kernel.get();
            }
        });
    }

    private static final class Tiring extends PlainKernel {

        private final AtomicLong calls = new AtomicLong();

        @Override
        float rowProduct(Qk256Matrix w, F32Vector x, int row) {
            if (calls.incrementAndGet() < 1000) {
                return super.rowProduct(w, x, row);
            }
            float sum = 0;
            for (int col = w.cols() - 1; col >= 0; col--) {
                sum += weight(w, row, col) * x.get(col);
            }
            return sum;
        }
    }

    /** The kernel opened last sets the mode of all: from then on the others sum in the other direction. */
    private static final class LastOpened extends PlainKernel {

        private static final AtomicLong OPENED = new AtomicLong();
        private final long number = OPENED.incrementAndGet();

        @Override
        float rowProduct(Qk256Matrix w, F32Vector x, int row) {
            return number == OPENED.get() ? super.rowProduct(w, x, row) : Math.nextUp(super.rowProduct(w, x, row));
        }
    }

    private static void addThreads(WrongKernels wrong) {
        wrong.add("interrupt-cleared", Rules.THREADS, new PlainKernel() {
            @Override
            float rowProduct(Qk256Matrix w, F32Vector x, int row) {
                Thread.interrupted();
                return super.rowProduct(w, x, row);
            }
        });
        wrong.add("stops-when-interrupted", Rules.THREADS, new PlainKernel() {
            @Override
            float integerRowProduct(Qk256Matrix w, I8Vector x, int row) {
                return Thread.currentThread().isInterrupted() ? 0 : super.integerRowProduct(w, x, row);
            }
        });
        wrong.add("virtual-threads-refused", Rules.THREADS, new PlainKernel() {
            @Override
            float rowProduct(Qk256Matrix w, F32Vector x, int row) {
                if (Thread.currentThread().isVirtual()) {
                    throw new IllegalStateException("a virtual thread");
                }
                return super.rowProduct(w, x, row);
            }
        });
        wrong.add("a-stack-frame-for-each-block", Rules.THREADS, new PlainKernel() {
            @Override
            float rowProduct(Qk256Matrix w, F32Vector x, int row) {
                return blocksFrom(0, w, x, row) * w.tensorScale();
            }

            private float blocksFrom(int from, Qk256Matrix w, F32Vector x, int row) {
                int to = Math.min(w.cols(), from + 8); // A compiled frame is small, so there are many of them.
                float here = blockProduct(w, x, row, from, to) * groupScale(w, row, from / w.group());
                return to == w.cols() ? here : here + blocksFrom(to, w, x, row);
            }
        });
    }
}
