package io.qk256.llm.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.qk256.gguf.GgufFile;
import io.qk256.spi.Kernel;
import io.qk256.testing.Effort;
import io.qk256.testing.Fixtures;
import io.qk256.testing.JvmCounts;
import java.lang.foreign.Arena;
import java.util.AbstractMap;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Models and engines are created completely or not at all, close only when unused, and leave nothing behind. */
class EngineEndTest {

    static final ModelConfig SMALL = new ModelConfig(
            "bitnet-b1.58", 320, 512, 256, 2, 512, 4, 2, 64, 64, 10_000, 1e-5f, GateFunction.SQUARED_RELU);

    private static final EngineOptions OPTIONS = new EngineOptions(2, 512, 16, CacheType.F16);
    private static final int[] PROMPT = {3, 1, 4, 1, 5, 9, 2, 6};
    private static final int ENGINES = Effort.isLong() ? 500 : 250;

    private final Kernel kernel = Kernels.scalar();
    private final List<Arena> arenas = new ArrayList<>();

    @Test
    void aListenerCannotUseOrCloseItsEngine() {
        try (Model model = SyntheticModel.of(SMALL, HeadType.STORED, 1);
                Engine engine = model.engine(kernel, OPTIONS);
                Sequence sequence = engine.sequence()) {
            AtomicInteger heard = new AtomicInteger();
            sequence.prompt(PROMPT, (i, logits) -> {
                everyCall(engine, sequence).forEach(EngineEndTest::assertUnderWay);
                assertUnderWay(sequence::close);
                assertUnderWay(engine::close);
                heard.incrementAndGet();
            });
            assertThat(heard).hasValue(PROMPT.length);
            assertThat(sequence.position()).isEqualTo(PROMPT.length);
            sequence.decode(7);
        }
    }

    @Test
    void aTaskForEachNumberUsesItsThreadsAndNothingElse() {
        try (Model model = SyntheticModel.of(SMALL, HeadType.STORED, 1);
                Engine engine = model.engine(kernel, OPTIONS);
                Sequence sequence = engine.sequence()) {
            AtomicInteger sum = new AtomicInteger();
            assertThatExceptionOfType(UnsupportedOperationException.class)
                    .isThrownBy(() -> engine.forEach(20, i -> {
                        sum.addAndGet(1 << i);
                        if (i == 19) {
                            everyCall(engine, sequence).forEach(EngineEndTest::assertUnderWay);
                            throw new UnsupportedOperationException();
                        }
                    }));
            assertThat(sum).as("each number once").hasValue((1 << 20) - 1);
            engine.forEach(0, i -> sum.set(0));
            assertThat(sum).hasPositiveValue();
            sequence.decode(7);
        }
    }

    @Test
    void norCanAnotherThread() {
        try (Model model = SyntheticModel.of(SMALL, HeadType.STORED, 1);
                Engine engine = model.engine(kernel, OPTIONS);
                Sequence sequence = engine.sequence()) {
            AtomicInteger refused = new AtomicInteger();
            sequence.prompt(
                    new int[] {1},
                    (i, logits) -> inThread(() -> {
                        everyCall(engine, sequence).forEach(EngineEndTest::assertUnderWay);
                        assertUnderWay(sequence::close);
                        assertUnderWay(engine::close);
                        refused.incrementAndGet();
                    }));
            assertThat(refused).hasValue(1);
        }
    }

    @Test
    void afterAFailingListenerTheSequenceIsUsable() {
        try (Model model = SyntheticModel.of(SMALL, HeadType.STORED, 1);
                Engine engine = model.engine(kernel, OPTIONS);
                Sequence sequence = engine.sequence()) {
            assertThatExceptionOfType(UnsupportedOperationException.class)
                    .isThrownBy(() -> sequence.prompt(PROMPT, (i, logits) -> {
                        throw new UnsupportedOperationException();
                    }));
            assertThat(sequence.position()).as("nothing is added").isZero();
            sequence.prompt(PROMPT);
        }
    }

    @Test
    void whatIsClosedSaysSo() {
        try (Model model = SyntheticModel.of(SMALL, HeadType.STORED, 1)) {
            Engine engine = model.engine(kernel, OPTIONS);
            Sequence sequence = engine.sequence();
            sequence.prompt(PROMPT);
            sequence.close();
            sequence.close();
            assertClosed("sequence: it is closed; make another one", () -> sequence.decode(1));
            assertClosed("sequence: it is closed; make another one", () -> engine.step(List.of(sequence.next(1))));
            assertClosed("sequence: it is closed; make another one", () -> sequence.rewind(0));
            assertClosed("sequence: it is closed; make another one", sequence::fork);
            Sequence open = engine.sequence();
            engine.close();
            engine.close();
            open.close();
            everyCall(engine, open).forEach(call -> assertClosed("engine: it is closed; make another one", call));
        }
    }

    private static void assertClosed(String message, ThrowingCallable call) {
        assertThatIllegalStateException().isThrownBy(call).withMessage(message);
    }

    @Test
    void aModelIsNotClosedUnderItsEngines() {
        Model model = SyntheticModel.of(SMALL, HeadType.STORED, 1);
        Engine one = model.engine(kernel, OPTIONS);
        Engine other = model.engine(kernel, OPTIONS);
        assertThatIllegalStateException()
                .isThrownBy(model::close)
                .withMessage("model: 2 engines are open; close first whatever reads its weights");
        other.close();
        other.close();
        assertThatIllegalStateException()
                .isThrownBy(model::close)
                .withMessage("model: 1 engine is open; close first whatever reads its weights");
        one.sequence().prompt(PROMPT);
        one.close();
        model.close();
        model.close();
        assertThatIllegalStateException()
                .isThrownBy(() -> model.engine(kernel, OPTIONS))
                .withMessage("model: it is closed; load it again");
    }

    @Test
    void batchesThatNoArrayHoldsAreRefused() {
        try (Model model = SyntheticModel.of(SMALL, HeadType.STORED, 1)) {
            EngineOptions huge = new EngineOptions(1, Integer.MAX_VALUE, Integer.MAX_VALUE, CacheType.F16);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> model.engine(kernel, huge))
                    .withMessage("batch: 2147483647 tokens, expected at most 4194303 for a model with 512 values per"
                            + " token");
        }
    }

    /** By then the first buffers are allocated, and the threads are running. */
    @Test
    @SuppressWarnings("MustBeClosedChecker") // The engine is to close its arena.
    void anEngineThatCannotBeMadeLeavesNothing() {
        try (Arena weights = Arena.ofShared()) {
            Map<String, DenseMatrix> embedding = Map.of(Weights.EMBEDDING, halves(weights));
            Weights broken = new Weights(new BitNet(), SMALL, embedding, new NoMemory<>(), new NoMemory<>(), Map.of());
            OutputHead head = Heads.of(HeadType.STORED, WarmUp.SUMS, broken.output(), weights);
            Arena arena = Arena.ofShared();
            assertThatExceptionOfType(OutOfMemoryError.class)
                    .isThrownBy(() -> new Engine(arena, broken, WarmUp.SUMS, head, kernel, OPTIONS, null, () -> {}));
            assertThat(arena.scope().isAlive()).isFalse();
            assertThat(JvmCounts.threads()).doesNotContain("qk256-1");
        }
    }

    @Test
    void aModelIsClosedAfterAnEngineThatCouldNotBeMade() {
        Model model = SyntheticModel.of(SMALL, HeadType.STORED, 1);
        EngineOptions tooMany = new EngineOptions(Integer.MAX_VALUE, 0, 1, CacheType.F16);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> model.engine(kernel, tooMany))
                .withMessage("threads: 2147483647, expected 1 to 1024");
        model.close();
    }

    @ParameterizedTest
    @EnumSource
    @SuppressWarnings("MustBeClosedChecker") // The model is to close its arena.
    void aModelThatCannotBeLoadedLeavesNothing(HeadType head) throws Exception {
        GgufFile file = Fixtures.demo();
        Arena arena = Arena.ofShared();
        assertThatExceptionOfType(StackOverflowError.class)
                .isThrownBy(() -> Model.load(
                        file,
                        Architectures.KNOWN,
                        head,
                        (what, done, total) -> {
                            throw new StackOverflowError();
                        },
                        arena));
        assertThat(arena.scope().isAlive()).isFalse();
        assertThat(JvmCounts.threads()).noneMatch(name -> name.startsWith("qk256-task"));
    }

    /** A leaked one would hold 70 KB of heap, and its keys and values. */
    @Test
    void enginesLeaveNothing() {
        try (Model model = SyntheticModel.of(SMALL, HeadType.INT8, 1);
                Model stored = SyntheticModel.of(SMALL, HeadType.STORED, 1)) {
            talk(model);
            talk(stored);
            long heap = JvmCounts.heapBytes();
            for (int i = 0; i < ENGINES; i++) {
                talk(i % 2 == 0 ? model : stored);
            }
            assertThat(JvmCounts.heapBytes() - heap).isLessThan(ENGINES * 20_000L);
            assertThat(arenas)
                    .hasSizeGreaterThan(ENGINES)
                    .allMatch(arena -> !arena.scope().isAlive());
            assertThat(JvmCounts.threads()).doesNotContain("qk256-1");
        }
    }

    @SuppressWarnings("MustBeClosedChecker") // The engine is to close its arena.
    private void talk(Model model) {
        Arena arena = Arena.ofShared();
        arenas.add(arena);
        try (Engine engine = model.engine(kernel, OPTIONS, arena);
                Sequence sequence = engine.sequence()) {
            sequence.prompt(PROMPT);
            sequence.decode(1);
        }
    }

    private static DenseMatrix halves(Arena arena) {
        return DenseMatrix.ofHalves(
                arena.allocate(2L * SMALL.vocabulary() * SMALL.width(), 64), SMALL.vocabulary(), SMALL.width());
    }

    private static List<ThrowingCallable> everyCall(Engine engine, Sequence sequence) {
        return List.of(
                () -> sequence.decode(1),
                () -> sequence.prompt(PROMPT),
                () -> sequence.prompt(PROMPT, (i, logits) -> {}),
                () -> sequence.rewind(0),
                sequence::fork,
                engine::sequence,
                () -> engine.step(List.of(sequence.next(1))));
    }

    private static void assertUnderWay(ThrowingCallable call) {
        assertThatIllegalStateException().isThrownBy(call).withMessageStartingWith("engine: a call is in progress");
    }

    private static void inThread(Runnable work) {
        Thread thread = Thread.ofPlatform().start(work);
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** The weights of a model in a JVM that runs out of memory. */
    private static final class NoMemory<T> extends AbstractMap<String, T> {

        @Override
        public T get(Object name) {
            throw new OutOfMemoryError("the test's");
        }

        @Override
        public Set<Entry<String, T>> entrySet() {
            return Set.of();
        }
    }
}
