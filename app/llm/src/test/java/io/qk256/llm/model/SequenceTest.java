package io.qk256.llm.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.Arrays;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SequenceTest {

    private static final ModelConfig SMALL = new ModelConfig(
            "bitnet-b1.58", 320, 512, 256, 2, 512, 4, 2, 64, 64, 10_000, 1e-5f, GateFunction.SQUARED_RELU);

    private static final int TOKENS = 100;

    private final Model model = SyntheticModel.of(SMALL, HeadType.STORED, 1);
    private final Engine engine = model.engine(Kernels.scalar(), new EngineOptions(2, 8, 4, CacheType.F16));
    private final Sequence sequence = engine.sequence();

    @AfterEach
    void close() {
        engine.close();
        model.close();
    }

    @Test
    void rewindingForgets() {
        float[] first = sequence.prompt(new int[] {3, 1, 4}).clone();
        assertThat(sequence.decode(5)).isNotEqualTo(first);
        sequence.prompt(new int[] {9, 2});
        assertThat(sequence.position()).isEqualTo(6);
        sequence.rewind(2);
        assertThat(sequence.position()).isEqualTo(2);
        assertThatIllegalStateException().isThrownBy(sequence::logits).withMessageContaining("no logits");
        assertThatIllegalStateException().isThrownBy(() -> sequence.fork().logits());
        assertThat(sequence.decode(4)).isEqualTo(first);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> sequence.rewind(4))
                .withMessage("position: 4, expected 0 to 3");
        assertThatIllegalArgumentException().isThrownBy(() -> sequence.rewind(-1));
    }

    @Test
    void aFullContextIsAnErrorThatAddsNothing() {
        sequence.prompt(new int[] {1, 2, 3, 4, 5, 6});
        assertThatIllegalStateException()
                .isThrownBy(() -> sequence.prompt(new int[] {1, 2, 3}))
                .withMessageContaining("holds 6 of 8 tokens, and 3 more do not fit");
        assertThat(sequence.position()).isEqualTo(6);
        sequence.prompt(new int[] {7, 8});
        assertThatIllegalStateException().isThrownBy(() -> sequence.decode(1));
    }

    @Test
    void tokensOutsideTheVocabularyAreRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> sequence.decode(320))
                .withMessage("token: 320, expected 0 to 319 (the vocabulary)");
        assertThatIllegalArgumentException().isThrownBy(() -> sequence.prompt(new int[] {1, -1}));
        assertThatIllegalArgumentException().isThrownBy(() -> sequence.prompt(new int[0]));
        assertThat(sequence.position()).isZero();
    }

    @Test
    void optionsThatMakeNoSenseAreRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new EngineOptions(0, 0, 1, CacheType.F16))
                .withMessage("threads: 0, expected 1 or more");
        assertThatIllegalArgumentException().isThrownBy(() -> new EngineOptions(1, -1, 1, CacheType.F16));
        assertThatIllegalArgumentException().isThrownBy(() -> new EngineOptions(1, 0, 0, CacheType.F16));
    }

    @Test
    void sequencesOfAModelDoNotTouchEachOther() {
        float[] alone = sequence.prompt(new int[] {3, 1, 4}).clone();
        sequence.rewind(0);
        try (Engine engineOfOther = model.engine(Kernels.scalar(), EngineOptions.withThreads(1));
                Sequence other = engineOfOther.sequence()) {
            sequence.prompt(new int[] {3, 1});
            other.prompt(new int[] {7, 7, 7});
            assertThat(sequence.decode(4)).isEqualTo(alone);
            assertThat(other.context()).isEqualTo(SMALL.contextLength());
        }
    }

    @Test
    void aSyntheticModelDependsOnItsSeedOnly() {
        int[] tokens = {3, 1, 4, 1, 5};
        float[] logits = sequence.prompt(tokens);
        assertThat(logitsOfSeed(1, tokens)).isEqualTo(logits);
        assertThat(logitsOfSeed(2, tokens)).isNotEqualTo(logits);
        assertThat(logits).doesNotContain(Float.NaN);
    }

    private static float[] logitsOfSeed(long seed, int[] tokens) {
        try (Model model = SyntheticModel.of(SMALL, HeadType.STORED, seed);
                Engine engine = model.engine(Kernels.scalar(), EngineOptions.withThreads(1));
                Sequence sequence = engine.sequence()) {
            return sequence.prompt(tokens).clone();
        }
    }

    /**
     * Measures all threads once everything is compiled; before that, the JVM allocates objects that it later
     * eliminates.
     */
    @ParameterizedTest
    @CsvSource({"1, STORED", "2, STORED", "2, SCREENED"})
    void decodingLeavesNoGarbage(int threads, HeadType head) throws ReflectiveOperationException {
        Set<Thread> others = Thread.getAllStackTraces().keySet();
        try (Model ofHead = SyntheticModel.of(SMALL, head, 1);
                Engine engine = ofHead.engine(Kernels.fastest(), new EngineOptions(threads, 256, 16, CacheType.F16));
                Sequence steady = engine.sequence()) {
            long[] computing = Thread.getAllStackTraces().keySet().stream()
                    .filter(thread -> !others.contains(thread) || thread == Thread.currentThread())
                    .mapToLong(Thread::threadId)
                    .toArray();
            assertThat(computing).hasSize(threads);
            steady.wantBest(1);
            long asking = Long.MAX_VALUE;
            long least = Long.MAX_VALUE;
            for (int round = 0; round < 300 && least - asking >= TOKENS; round++) {
                steady.rewind(0);
                steady.decode(1);
                long start = allocatedBytes(computing);
                long before = allocatedBytes(computing);
                for (int i = 0; i < TOKENS; i++) {
                    steady.decode(i);
                }
                least = Math.min(least, allocatedBytes(computing) - before);
                asking = Math.min(asking, before - start);
            }
            assertThat(least - asking).as("bytes for %d tokens", TOKENS).isLessThan(TOKENS);
        }
    }

    /**
     * The bytes allocated by these threads; the query itself also allocates. Uses reflection, because the application's
     * module does not read the JVM's management module.
     */
    private static long allocatedBytes(long[] threads) throws ReflectiveOperationException {
        Object management = Class.forName("java.lang.management.ManagementFactory")
                .getMethod("getThreadMXBean")
                .invoke(null);
        long[] bytes = (long[]) Class.forName("com.sun.management.ThreadMXBean")
                .getMethod("getThreadAllocatedBytes", long[].class)
                .invoke(management, new Object[] {threads});
        return Arrays.stream(bytes).sum();
    }

    /** A sequence allocates the same for a prompt of many batches as for one batch, except for keys and values. */
    @Test
    void aPromptOfAnyLengthTakesTheBuffersOfABatch() throws ReflectiveOperationException {
        int[] tokens = IntStream.range(0, 500).map(i -> i * 7 % 320).toArray();
        try (Engine engineOfOneByOne = model.engine(Kernels.fastest(), new EngineOptions(1, 512, 1, CacheType.F16));
                Sequence oneByOne = engineOfOneByOne.sequence();
                Engine engineOfBatched = model.engine(Kernels.fastest(), new EngineOptions(1, 512, 16, CacheType.F16));
                Sequence batched = engineOfBatched.sequence()) {
            assertThat(batched.prompt(tokens)).isEqualTo(oneByOne.prompt(tokens));
            long[] here = {Thread.currentThread().threadId()};
            long asking = Long.MAX_VALUE;
            long least = Long.MAX_VALUE;
            for (int round = 0; round < 100 && least - asking >= tokens.length; round++) {
                batched.rewind(0);
                long start = allocatedBytes(here);
                long before = allocatedBytes(here);
                batched.prompt(tokens);
                least = Math.min(least, allocatedBytes(here) - before);
                asking = Math.min(asking, before - start);
            }
            assertThat(least - asking).as("bytes for 32 batches").isLessThan(tokens.length);
        }
    }
}
