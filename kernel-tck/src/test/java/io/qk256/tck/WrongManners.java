package io.qk256.tck;

import io.qk256.spi.F32Vector;
import io.qk256.spi.I8Matrix;
import io.qk256.spi.I8Vector;
import io.qk256.spi.Kernel;
import io.qk256.spi.Qk256Matrix;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntUnaryOperator;
import java.util.function.Supplier;

/** All kernels in this file are wrong! Their results are right, but they do more than they were asked for. */
final class WrongManners {

    /** Does something after each call, when the result is there. */
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
        protected void gemmI8Rows(Qk256Matrix w, I8Matrix x, int fromRow, int toRow, F32Vector y) {
            right.gemm(w, x, fromRow, toRow, y);
            more.run();
        }
    }

    private WrongManners() {}

    static void addTo(WrongKernels wrong) {
        if (FloatControl.isKnown()) {
            addFloatEnvironment(wrong);
        }
        addAnswers(wrong);
    }

    private static void addFloatEnvironment(WrongKernels wrong) {
        wrong.add("leaves-rounding-up", Rules.FLOAT_ENVIRONMENT, spoiling(mxcsr -> mxcsr | FloatControl.UP));
        wrong.add("leaves-rounding-down", Rules.FLOAT_ENVIRONMENT, spoiling(mxcsr -> mxcsr | FloatControl.DOWN));
        wrong.add(
                "leaves-rounding-toward-zero",
                Rules.FLOAT_ENVIRONMENT,
                spoiling(mxcsr -> mxcsr | FloatControl.UP | FloatControl.DOWN));
        wrong.add(
                "leaves-flush-to-zero", Rules.FLOAT_ENVIRONMENT, spoiling(mxcsr -> mxcsr | FloatControl.FLUSH_TO_ZERO));
        wrong.add(
                "leaves-denormals-are-zero",
                Rules.FLOAT_ENVIRONMENT,
                spoiling(mxcsr -> mxcsr | FloatControl.DENORMALS_ARE_ZERO));
        wrong.add(
                "leaves-division-by-zero-unmasked",
                Rules.FLOAT_ENVIRONMENT,
                spoiling(mxcsr -> mxcsr & ~FloatControl.DIVISION_BY_ZERO_MASKED));
        wrong.add(
                "leaves-the-x87-unit-rounding-down",
                Rules.FLOAT_ENVIRONMENT,
                new Afterwards(() -> FloatControl.change(mxcsr -> mxcsr, x87 -> x87 | FloatControl.X87_DOWN)));
        wrong.add("leaves-flush-to-zero-after-a-batch", Rules.FLOAT_ENVIRONMENT, new PlainKernel() {
            @Override
            protected void gemmI8Rows(Qk256Matrix w, I8Matrix x, int fromRow, int toRow, F32Vector y) {
                super.gemmI8Rows(w, x, fromRow, toRow, y);
                FloatControl.change(mxcsr -> mxcsr | FloatControl.FLUSH_TO_ZERO, x87 -> x87);
            }
        });
        wrong.add(
                "opens-with-flush-to-zero",
                Rules.FLOAT_ENVIRONMENT,
                new PlainProvider("opens-with-flush-to-zero", new PlainKernel()) {
                    @Override
                    public Kernel open() {
                        FloatControl.change(mxcsr -> mxcsr | FloatControl.FLUSH_TO_ZERO, x87 -> x87);
                        return new PlainKernel();
                    }
                });
    }

    private static Kernel spoiling(IntUnaryOperator mxcsr) {
        return new Afterwards(() -> FloatControl.change(mxcsr, x87 -> x87));
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
