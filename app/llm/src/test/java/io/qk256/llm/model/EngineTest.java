package io.qk256.llm.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Several sequences in one engine: each gets the same bits as alone. */
class EngineTest {

    private static final ModelConfig SMALL = new ModelConfig(
            "bitnet-b1.58", 320, 2048, 256, 2, 512, 4, 2, 64, 64, 10_000, 1e-5f, GateFunction.SQUARED_RELU);

    private final Model model = SyntheticModel.of(SMALL, HeadType.STORED, 1);

    @AfterEach
    void close() {
        model.close();
    }

    private Engine engine(int threads, int batch) {
        return model.engine(Kernels.fastest(), new EngineOptions(threads, 1024, batch, CacheType.F16));
    }

    private static int[] tokens(SplittableRandom random, int count) {
        return random.ints(count, 0, SMALL.vocabulary()).toArray();
    }

    /** The pieces of a prompt before the last one have no logits; then they are the same. */
    @Test
    void aPromptInPiecesWithoutLogits() {
        int[] prompt = tokens(new SplittableRandom(3), 50);
        try (Engine engine = engine(1, 16);
                Sequence whole = engine.sequence();
                Sequence pieces = engine.sequence()) {
            float[] expected = whole.prompt(prompt);
            pieces.decode(prompt[0]);
            engine.step(List.of(pieces.nextWithoutLogits(Arrays.copyOfRange(prompt, 1, 40)), whole.next(prompt[0])));
            assertThatIllegalStateException()
                    .isThrownBy(pieces::logits)
                    .withMessageContaining("no logits until a token is added");
            assertThat(whole.logits()).isNotEmpty();
            whole.rewind(49);
            assertThat(whole.decode(prompt[49])).isEqualTo(pieces.prompt(Arrays.copyOfRange(prompt, 40, 50)));
            assertThat(expected).isSameAs(whole.logits());
        }
    }

    /** A random mix of prompts of any length, single tokens, new and closed sequences, rewinds and forks. */
    @ParameterizedTest
    @CsvSource({"1, 1", "1, 7", "2, 16", "2, 64"})
    void whatStandsBesideASequenceDoesNotChangeItsBits(int threads, int batch) {
        long seed = new SplittableRandom().nextLong();
        SplittableRandom random = new SplittableRandom(seed);
        try (Engine alone = model.engine(Kernels.fastest(), new EngineOptions(1, 1024, 5, CacheType.F16));
                Engine engine = engine(threads, batch)) {
            List<Sequence> sequences = new ArrayList<>();
            for (int round = 0; round < 8; round++) {
                change(engine, sequences, random);
                List<Step> steps = new ArrayList<>();
                for (Sequence sequence : sequences) {
                    if (random.nextInt(4) > 0) {
                        steps.add(sequence.next(tokens(random, random.nextBoolean() ? 1 : 1 + random.nextInt(40))));
                    }
                }
                engine.step(steps);
                for (Step step : steps) {
                    try (Sequence other = alone.sequence()) {
                        assertThat(other.prompt(step.sequence().tokens()))
                                .as("seed %d, round %d", seed, round)
                                .isEqualTo(step.sequence().logits());
                    }
                }
            }
        }
    }

    private static void change(Engine engine, List<Sequence> sequences, SplittableRandom random) {
        if (sequences.size() < 5) {
            sequences.add(engine.sequence());
        }
        Sequence one = sequences.get(random.nextInt(sequences.size()));
        switch (random.nextInt(4)) {
            case 0 -> sequences.add(one.fork());
            case 1 -> one.rewind(random.nextInt(one.position() + 1));
            case 2 -> {
                one.close();
                sequences.remove(one);
            }
            default -> {}
        }
    }

    @ParameterizedTest
    @EnumSource
    void forksGoOnApartAndShareWhatTheyHaveInCommon(CacheType cache) {
        SplittableRandom random = new SplittableRandom(7);
        int[] system = tokens(random, 600);
        try (Engine engine = model.engine(Kernels.fastest(), new EngineOptions(2, 1024, 64, cache))) {
            Sequence original = engine.sequence();
            original.prompt(system);
            long bytes = engine.cacheBytes();
            Sequence a = original.fork();
            Sequence b = original.fork();
            assertThat(engine.cacheBytes()).isEqualTo(bytes);
            assertThat(a.logits()).isEqualTo(original.logits());
            assertThat(a.tokens()).isEqualTo(system);

            engine.step(List.of(a.next(1), b.next(2)));
            assertThat(engine.cacheBytes()).as("the last page thrice").isEqualTo(bytes / 3 * 5);
            original.close();
            assertThat(engine.cacheBytes()).isEqualTo(bytes / 3 * 4);
            Sequence plain = engine.sequence();
            assertThat(plain.prompt(append(system, 1))).isEqualTo(a.logits());
            plain.rewind(system.length);
            assertThat(plain.decode(2)).isEqualTo(b.logits());
        }
    }

    private static int[] append(int[] tokens, int token) {
        int[] more = Arrays.copyOf(tokens, tokens.length + 1);
        more[tokens.length] = token;
        return more;
    }

    @Test
    void pagesThatAreGivenBackAreUsedAgain() {
        try (Engine engine = engine(1, 64)) {
            int[] text = tokens(new SplittableRandom(3), 500);
            try (Sequence sequence = engine.sequence()) {
                sequence.prompt(text);
            }
            assertThat(engine.cacheBytes()).isZero();
            try (Sequence sequence = engine.sequence()) {
                float[] again = sequence.prompt(text).clone();
                sequence.rewind(0);
                assertThat(engine.cacheBytes()).isZero();
                assertThat(sequence.prompt(text)).isEqualTo(again);
            }
        }
    }

    @Test
    void aStepThatCannotBeDoneAddsNothing() {
        try (Engine engine = engine(1, 4);
                Engine stranger = engine(1, 4)) {
            Sequence a = engine.sequence();
            Sequence b = engine.sequence(3);
            a.decode(1);
            assertThatIllegalStateException()
                    .isThrownBy(() -> engine.step(List.of(a.next(1), b.next(1, 2, 3, 4))))
                    .withMessageContaining("holds 0 of 3 tokens, and 4 more do not fit");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> engine.step(List.of(a.next(1), b.next(320))))
                    .withMessage("token: 320, expected 0 to 319 (the vocabulary)");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> engine.step(List.of(a.next(1), a.next(2))))
                    .withMessageContaining("is in the step twice");
            assertThatIllegalArgumentException()
                    .isThrownBy(() ->
                            engine.step(List.of(a.next(1), stranger.sequence().next(2))))
                    .withMessageContaining("belongs to another engine");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> engine.sequence(0))
                    .withMessage("context: 0, expected 1 or more");
            assertThat(a.position()).isEqualTo(1);
            assertThat(b.position()).isZero();
            engine.step(List.of());
        }
    }

    @Test
    void aListenerThatFailsLeavesTheTextBefore() {
        try (Engine engine = engine(1, 4)) {
            Sequence sequence = engine.sequence();
            float[] logits = sequence.prompt(new int[] {3, 1, 4}).clone();
            assertThatExceptionOfType(UnsupportedOperationException.class)
                    .isThrownBy(() -> sequence.prompt(new int[10], (i, seen) -> {
                        if (i == 7) {
                            throw new UnsupportedOperationException();
                        }
                    }));
            assertThat(sequence.position()).isEqualTo(3);
            sequence.rewind(2);
            assertThat(sequence.decode(4)).isEqualTo(logits);
        }
    }

    @Test
    void aSequenceKnowsItsTokens() {
        try (Engine engine = engine(1, 4)) {
            Sequence sequence = engine.sequence();
            assertThatIllegalStateException().isThrownBy(sequence::logits).withMessageContaining("no logits");
            sequence.prompt(new int[] {3, 1, 4, 1, 5});
            assertThat(sequence.tokens()).containsExactly(3, 1, 4, 1, 5);
            assertThat(sequence.commonWith(new int[] {3, 1, 4, 2})).isEqualTo(3);
            assertThat(sequence.commonWith(new int[] {3, 1, 4, 1, 5, 9})).isEqualTo(5);
            assertThat(sequence.commonWith(new int[] {9})).isZero();
            sequence.rewind(1);
            assertThat(sequence.tokens()).containsExactly(3);
        }
    }
}
