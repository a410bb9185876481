package io.qk256.tck;

import io.qk256.spi.F32Vector;
import io.qk256.spi.I8Batch;
import io.qk256.spi.I8Vector;
import io.qk256.spi.Kernel;
import io.qk256.spi.Qk256Matrix;
import java.io.Closeable;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntUnaryOperator;
import java.util.function.Supplier;

/** All kernels in this file are wrong! Their results are right, but they do more than they should. */
final class WrongManners {

    /** Does something after each call, once the result is complete. */
    static class Afterwards extends PlainKernel {

        private final Runnable more;
        private final PlainKernel right = new PlainKernel();

        Afterwards(Runnable more) {
            this.more = more;
        }

        @Override
        protected void dequantizeRows(Qk256Matrix w, int fromRow, int toRow, F32Vector out) {
            super.dequantizeRows(w, fromRow, toRow, out);
            more.run();
        }

        @Override
        protected void gemvF32Rows(Qk256Matrix w, F32Vector x, int fromRow, int toRow, F32Vector y) {
            super.gemvF32Rows(w, x, fromRow, toRow, y);
            more.run();
        }

        @Override
        protected void gemvI8Rows(Qk256Matrix w, I8Vector x, int fromRow, int toRow, F32Vector y) {
            super.gemvI8Rows(w, x, fromRow, toRow, y);
            more.run();
        }

        @Override
        protected void gemmI8Rows(Qk256Matrix w, I8Batch x, int fromRow, int toRow, F32Vector y) {
            right.gemm(w, x, fromRow, toRow, y);
            more.run();
        }
    }

    private WrongManners() {}

    /** Whether a kernel works only on Linux x86-64. */
    static boolean isNative(String name) {
        return name.startsWith("leaves-")
                || List.of("opens-with-flush-to-zero", "keeps-64-bytes-of-native-memory")
                        .contains(name);
    }

    private static final List<Object> KEPT = Collections.synchronizedList(new ArrayList<>());
    private static final Map<Thread, float[]> SCRATCH = new ConcurrentHashMap<>();

    static void addTo(WrongKernels wrong) {
        addFloatEnvironment(wrong);
        addPrints(wrong);
        addLeaks(wrong);
        addAnswers(wrong);
    }

    private static void addPrints(WrongKernels wrong) {
        wrong.add("prints-at-each-call", Rules.PRINTS_NOTHING, new Afterwards(() -> System.out.println("called")));
        wrong.add("prints-a-character-on-standard-error", Rules.PRINTS_NOTHING, new Afterwards(() -> {
            System.err.print('.');
            System.err.flush();
        }));
        wrong.add("prints-what-it-is", Rules.PRINTS_NOTHING, describing(() -> {
            System.out.append("asked").append('\u001b').flush();
            return "plain Java";
        }));
        wrong.add(
                "prints-when-opened", Rules.PRINTS_NOTHING, new PlainProvider("prints-when-opened", new PlainKernel()) {
                    @Override
                    public Kernel open() {
                        System.out.println("loaded");
                        return new PlainKernel();
                    }
                });
        wrong.add(
                "prints-when-asked-for-its-rank",
                Rules.PRINTS_NOTHING,
                new PlainProvider("prints-when-asked-for-its-rank", new PlainKernel()) {
                    @Override
                    public int rank() {
                        System.err.println("rank");
                        return super.rank();
                    }
                });
    }

    /** They lose no more than a machine can bear, whatever the number of calls. */
    private static void addLeaks(WrongKernels wrong) {
        wrong.add("keeps-a-thread-for-each-call", Rules.NOTHING_LEAKS, leaking(1_500, () -> {
            Thread thread =
                    Thread.ofPlatform().daemon().name("worker of a call").unstarted(LockSupport::park);
            thread.start();
            return thread;
        }));
        wrong.add("keeps-a-file-open-for-each-call", Rules.NOTHING_LEAKS, leaking(1_500, () -> {
            try {
                return new FileInputStream("pom.xml");
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }));
        wrong.add("keeps-48-bytes-of-the-heap", Rules.NOTHING_LEAKS, leaking(2_000_000, () -> new byte[32]));
        wrong.add("keeps-a-row-of-the-heap", Rules.NOTHING_LEAKS, leaking(200_000, () -> new byte[1200]));
        wrong.add("keeps-64-bytes-of-native-memory", Rules.NOTHING_LEAKS, new Afterwards(NativeMischief::leak64Bytes));
        wrong.add("keeps-scratch-memory-of-threads-that-ended", Rules.NOTHING_LEAKS, new PlainKernel() {
            @Override
            float rowProduct(Qk256Matrix w, F32Vector x, int row) {
                SCRATCH.computeIfAbsent(Thread.currentThread(), thread -> new float[1 << 14]);
                return super.rowProduct(w, x, row);
            }
        });
    }

    private static Kernel leaking(int most, Supplier<Object> one) {
        return new Afterwards(() -> {
            if (KEPT.size() < most) {
                KEPT.add(one.get());
            }
        });
    }

    /** Ends and frees what the leaking kernels keep, because it would slow down the next test. */
    static void giveBack() throws IOException {
        for (Object kept : List.copyOf(KEPT)) {
            switch (kept) {
                case Thread thread -> LockSupport.unpark(thread);
                case Closeable file -> file.close();
                default -> {} // Garbage-collected.
            }
        }
        KEPT.clear();
        SCRATCH.clear();
    }

    private static void addFloatEnvironment(WrongKernels wrong) {
        wrong.add("leaves-rounding-up", Rules.FLOAT_ENVIRONMENT, spoiling(mxcsr -> mxcsr | NativeMischief.UP));
        wrong.add("leaves-rounding-down", Rules.FLOAT_ENVIRONMENT, spoiling(mxcsr -> mxcsr | NativeMischief.DOWN));
        wrong.add(
                "leaves-rounding-toward-zero",
                Rules.FLOAT_ENVIRONMENT,
                spoiling(mxcsr -> mxcsr | NativeMischief.UP | NativeMischief.DOWN));
        wrong.add(
                "leaves-flush-to-zero",
                Rules.FLOAT_ENVIRONMENT,
                spoiling(mxcsr -> mxcsr | NativeMischief.FLUSH_TO_ZERO));
        wrong.add(
                "leaves-denormals-are-zero",
                Rules.FLOAT_ENVIRONMENT,
                spoiling(mxcsr -> mxcsr | NativeMischief.DENORMALS_ARE_ZERO));
        wrong.add(
                "leaves-division-by-zero-unmasked",
                Rules.FLOAT_ENVIRONMENT,
                spoiling(mxcsr -> mxcsr & ~NativeMischief.DIVISION_BY_ZERO_MASKED));
        wrong.add(
                "leaves-the-x87-unit-rounding-down",
                Rules.FLOAT_ENVIRONMENT,
                new Afterwards(() -> NativeMischief.change(mxcsr -> mxcsr, x87 -> x87 | NativeMischief.X87_DOWN)));
        wrong.add("leaves-flush-to-zero-after-a-batch", Rules.FLOAT_ENVIRONMENT, new PlainKernel() {
            @Override
            protected void gemmI8Rows(Qk256Matrix w, I8Batch x, int fromRow, int toRow, F32Vector y) {
                super.gemmI8Rows(w, x, fromRow, toRow, y);
                NativeMischief.change(mxcsr -> mxcsr | NativeMischief.FLUSH_TO_ZERO, x87 -> x87);
            }
        });
        wrong.add(
                "opens-with-flush-to-zero",
                Rules.FLOAT_ENVIRONMENT,
                new PlainProvider("opens-with-flush-to-zero", new PlainKernel()) {
                    @Override
                    public Kernel open() {
                        NativeMischief.change(mxcsr -> mxcsr | NativeMischief.FLUSH_TO_ZERO, x87 -> x87);
                        return new PlainKernel();
                    }
                });
    }

    private static Kernel spoiling(IntUnaryOperator mxcsr) {
        return new Afterwards(() -> NativeMischief.change(mxcsr, x87 -> x87));
    }

    private static void addAnswers(WrongKernels wrong) {
        AtomicInteger asked = new AtomicInteger();
        wrong.add("rank-that-rises", Rules.STABLE_ANSWERS, new PlainProvider("rank-that-rises", new PlainKernel()) {
            @Override
            public int rank() {
                return asked.incrementAndGet();
            }
        });
        AtomicInteger named = new AtomicInteger();
        wrong.add("name-that-changes", Rules.STABLE_ANSWERS, new PlainProvider("name-that-changes", new PlainKernel()) {
            @Override
            public String name() {
                return named.incrementAndGet() > 20 ? "another-name" : super.name();
            }
        });
        AtomicInteger described = new AtomicInteger();
        wrong.add("description-counts", Rules.STABLE_ANSWERS, describing(() -> "call " + described.incrementAndGet()));
        wrong.add(
                "description-tells-the-thread",
                Rules.STABLE_ANSWERS,
                describing(() -> "on " + Thread.currentThread().threadId()));
        wrong.add("description-of-a-megabyte", Rules.STABLE_ANSWERS, describing(() -> "\u001b[31m".repeat(1 << 18)));
        wrong.add("description-that-moves-the-cursor", Rules.STABLE_ANSWERS, describing(() -> "fast\u001b[2J"));
        wrong.add("description-written-backwards", Rules.STABLE_ANSWERS, describing(() -> "fast\u202Ekernel"));
        wrong.add("description-that-throws", Rules.STABLE_ANSWERS, describing(() -> {
            throw new IllegalStateException("not now");
        }));
    }

    private static Kernel describing(Supplier<String> description) {
        return new PlainKernel() {
            @Override
            public String toString() {
                return description.get();
            }
        };
    }
}
