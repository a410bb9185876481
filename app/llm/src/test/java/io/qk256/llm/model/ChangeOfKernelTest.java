package io.qk256.llm.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.qk256.spi.F32Vector;
import io.qk256.spi.I16Batch;
import io.qk256.spi.I8Batch;
import io.qk256.spi.I8Vector;
import io.qk256.spi.Kernel;
import io.qk256.spi.Q8Matrix;
import io.qk256.spi.Qk256Matrix;
import java.lang.ref.WeakReference;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** An engine exchanges its kernel at any time, with the same logits to the bit, and forgets the old one. */
class ChangeOfKernelTest {

    private static final ModelConfig SMALL = new ModelConfig(
            "bitnet-b1.58", 320, 512, 256, 2, 512, 4, 2, 64, 64, 10_000, 1e-5f, GateFunction.SQUARED_RELU);

    private static final EngineOptions OPTIONS = new EngineOptions(2, 512, 16, CacheType.F16);
    private static final int[] PROMPT = {3, 1, 4, 1, 5, 9, 2, 6};
    private static final int TOKENS = 12;

    private final Model model = SyntheticModel.of(SMALL, HeadType.STORED, 1);

    @AfterEach
    void close() {
        model.close();
    }

    @Test
    void allCallsAfterAChangeAreThoseOfTheNewKernel() {
        Counted first = new Counted(Kernels.scalar());
        Counted second = new Counted(Kernels.fastest());
        try (Engine engine = model.engine(first, OPTIONS);
                Sequence sequence = engine.sequence()) {
            sequence.prompt(PROMPT);
            int before = first.calls.get();
            assertThat(before).isPositive();
            engine.use(second);
            sequence.decode(1);
            assertThat(first.calls).hasValue(before);
            assertThat(second.calls).hasPositiveValue();
            assertThat(engine).hasToString("engine with counted " + Kernels.fastest() + ", 2 threads, 1 sequence");
        }
    }

    @Test
    void changesWhileAModelDecodesDoNotChangeABit() throws InterruptedException {
        float[][] expected = decode(Kernels.scalar(), new AtomicLong());
        List<Kernel> kernels = List.copyOf(Kernels.all().values());
        AtomicBoolean end = new AtomicBoolean();
        AtomicLong changes = new AtomicLong();
        try (Engine engine = model.engine(kernels.getFirst(), OPTIONS);
                Sequence sequence = engine.sequence()) {
            Thread changing = Thread.ofPlatform().start(() -> {
                while (!end.get()) {
                    engine.use(kernels.get((int) (changes.incrementAndGet() % kernels.size())));
                }
            });
            try {
                assertThat(decode(sequence, changes)).isEqualTo(expected);
            } finally {
                end.set(true);
                changing.join();
            }
        }
    }

    private float[][] decode(Kernel kernel, AtomicLong changes) {
        try (Engine engine = model.engine(kernel, OPTIONS);
                Sequence sequence = engine.sequence()) {
            changes.set(Long.MIN_VALUE);
            return decode(sequence, changes);
        }
    }

    /** Decodes until there have been some changes as well, however busy the machine is. */
    private static float[][] decode(Sequence sequence, AtomicLong changes) {
        float[][] logits = new float[TOKENS][];
        float[] last = sequence.prompt(PROMPT);
        for (int i = 0; i < TOKENS; i++) {
            long before = changes.get();
            while (before >= 0 && changes.get() == before) {
                Thread.onSpinWait();
            }
            last = sequence.decode(Argmax.of(last));
            logits[i] = last.clone();
        }
        return logits;
    }

    /** The calling thread and the engine's own threads have used the kernel. */
    @Test
    void theOldKernelCanBeCollected() throws InterruptedException {
        try (Engine engine = model.engine(new Counted(Kernels.scalar()), OPTIONS);
                Sequence sequence = engine.sequence()) {
            sequence.prompt(PROMPT);
            WeakReference<Kernel> old = used(engine, sequence);
            engine.use(Kernels.scalar());
            for (int i = 0; i < 100 && old.get() != null; i++) {
                System.gc();
                Thread.sleep(20);
            }
            assertThat(old.get()).isNull();
            sequence.decode(1);
        }
    }

    private static WeakReference<Kernel> used(Engine engine, Sequence sequence) {
        Counted kernel = new Counted(Kernels.fastest());
        engine.use(kernel);
        sequence.prompt(PROMPT);
        assertThat(kernel.calls).hasPositiveValue();
        return new WeakReference<>(kernel);
    }

    @Test
    void aListenerMayChangeTheKernelOfItsOwnStep() {
        Counted other = new Counted(Kernels.scalar());
        try (Engine engine = model.engine(Kernels.fastest(), OPTIONS);
                Sequence sequence = engine.sequence()) {
            sequence.prompt(new int[40], (i, logits) -> engine.use(other));
            assertThat(other.calls).as("the step has a second pass").hasPositiveValue();
        }
    }

    @Test
    void aClosedEngineSaysSo() {
        Engine engine = model.engine(Kernels.scalar(), OPTIONS);
        engine.close();
        assertThatIllegalStateException()
                .isThrownBy(() -> engine.use(Kernels.scalar()))
                .withMessage("engine: it is closed; make another one");
    }

    /** A kernel that counts its calls. */
    private static final class Counted extends Kernel {

        private final Kernel kernel;
        private final AtomicInteger calls = new AtomicInteger();

        Counted(Kernel kernel) {
            this.kernel = kernel;
        }

        @Override
        protected void dequantizeRows(Qk256Matrix w, int fromRow, int toRow, F32Vector out) {
            throw new UnsupportedOperationException("an engine does not use it");
        }

        @Override
        protected void gemvF32Rows(Qk256Matrix w, F32Vector x, int fromRow, int toRow, F32Vector y) {
            throw new UnsupportedOperationException("an engine does not use it: its bits depend on the kernel");
        }

        @Override
        protected void gemvI8Rows(Qk256Matrix w, I8Vector x, int fromRow, int toRow, F32Vector y) {
            calls.incrementAndGet();
            kernel.gemv(w, x, fromRow, toRow, y);
        }

        @Override
        protected void gemmI8Rows(Qk256Matrix w, I8Batch x, int fromRow, int toRow, F32Vector y) {
            calls.incrementAndGet();
            kernel.gemm(w, x, fromRow, toRow, y);
        }

        @Override
        protected void gemmQ8Rows(Q8Matrix w, I8Batch x, int fromRow, int toRow, F32Vector y) {
            calls.incrementAndGet();
            kernel.gemm(w, x, fromRow, toRow, y);
        }

        @Override
        protected void gemmQ8Rows(Q8Matrix w, I16Batch x, int fromRow, int toRow, F32Vector y) {
            calls.incrementAndGet();
            kernel.gemm(w, x, fromRow, toRow, y);
        }

        @Override
        public String toString() {
            return "counted " + kernel;
        }
    }
}
