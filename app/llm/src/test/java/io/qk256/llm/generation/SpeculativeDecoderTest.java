package io.qk256.llm.generation;

import static org.assertj.core.api.Assertions.assertThat;

import io.qk256.llm.generation.GenerationOptions.WhenFull;
import io.qk256.llm.generation.Generator.Answer;
import io.qk256.llm.generation.Generator.End;
import io.qk256.llm.grammar.JsonGrammar;
import io.qk256.llm.grammar.TokenTexts;
import io.qk256.llm.model.HeadType;
import io.qk256.llm.model.Sequence;
import io.qk256.spi.F32Vector;
import io.qk256.spi.I8Batch;
import io.qk256.spi.I8Vector;
import io.qk256.spi.Kernel;
import io.qk256.spi.Qk256Matrix;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The embedded model writes the same text with any guesses. */
class SpeculativeDecoderTest {

    private static final String PROMPT = "The king said to the queen, and the king said to the fox";
    private static final int CONTEXT = 256;
    private static final int VOCABULARY = 4096;

    private static Demo demo;

    @BeforeAll
    static void load() throws IOException {
        demo = new Demo(HeadType.STORED, 1);
    }

    @AfterAll
    static void close() {
        demo.close();
    }

    static List<SamplingOptions> choices() {
        return List.of(
                SamplingOptions.greedy(),
                new SamplingOptions(0.7, 0, 1, 0, 1, 64, 5),
                new SamplingOptions(1, 40, 0.9, 0, 1, 64, 6),
                new SamplingOptions(0.8, 0, 1, 0.05, 1.3, 16, 7),
                new SamplingOptions(0.5, 20, 1, 0, 1, 64, 8, 0.5, 0.3, Map.of(300, 3.0)));
    }

    /** Tries guesses without regard to time, sometimes fewer than there are. */
    private static final class Eager extends GuessPlan {

        private final SplittableRandom random = new SplittableRandom(1);

        @Override
        int guesses(int most) {
            return random.nextInt(4) == 0 ? random.nextInt(most + 1) : most;
        }
    }

    /** Records a text, or guesses from the recorded one. */
    private static final class Script implements TokenGuesser {

        private final SplittableRandom random = new SplittableRandom(2);
        private final List<Integer> tokens;
        private final double right;
        private boolean started;
        private int next;

        Script(List<Integer> tokens, double right) {
            this.tokens = tokens;
            this.right = right;
        }

        @Override
        public void start(int[] text) {
            if (started) { // The older half was forgotten, and the last token is new.
                accept(text[text.length - 1]);
            }
            started = true;
        }

        @Override
        public void accept(int token) {
            if (next == tokens.size()) {
                tokens.add(token);
            }
            assertThat(token).isEqualTo(tokens.get(next));
            next++;
        }

        @Override
        public int guess(int[] out, int at, int most) {
            int count = Math.min(most, tokens.size() - next);
            for (int i = 0; i < count; i++) {
                int token = tokens.get(next + i);
                out[at + i] = random.nextDouble() < right ? token : (token + 1) % VOCABULARY;
            }
            return count;
        }
    }

    private record Run(
            Demo demo,
            int context,
            SamplingOptions options,
            WhenFull whenFull,
            int most,
            Optional<TokenConstraint> form) {

        Run(Demo demo, int context, SamplingOptions options, WhenFull whenFull, int most) {
            this(demo, context, options, whenFull, most, Optional.empty());
        }

        Answer plain() {
            try (Sequence sequence = demo.sequence(context)) {
                return write(sequence, Optional.empty());
            }
        }

        /** Checks that the text is that of plain decoding, and that the sequence is left as by it. */
        Answer guessing(Sequence plain, Answer expected, TokenGuesser guesser) {
            try (Sequence sequence = demo.sequence(context)) {
                Answer answer = write(sequence, Optional.of(new SpeculativeDecoder(sequence, guesser, new Eager())));
                assertSame(answer, expected);
                assertThat(sequence.tokens()).isEqualTo(plain.tokens());
                if (sequence.position() < context) {
                    assertThat(sequence.decode(300)).isEqualTo(plain.decode(300));
                    plain.rewind(plain.position() - 1);
                }
                return answer;
            }
        }

        private Answer write(Sequence sequence, Optional<SpeculativeDecoder> decoder) {
            Sampler sampler = new Sampler(options, demo.tokenizer.vocabularySize());
            int[] written = {0};
            Answer answer = new Generator(demo.tokenizer, sequence, sampler, whenFull, decoder)
                    .generate(demo.encode(PROMPT), 1000, form, () -> written[0] == most, piece -> written[0]++);
            assertThat(answer.speed().rightGuesses())
                    .isBetween(0, answer.speed().guessedTokens());
            return answer;
        }

        /** Returns the text, and what became of the guesses of a script that is right at this rate. */
        Answer check(double right) {
            try (Sequence sequence = demo.sequence(context)) {
                Answer plain = write(sequence, Optional.empty());
                List<Integer> tokens = new ArrayList<>();
                guessing(sequence, plain, new Script(tokens, 1));
                guessing(sequence, plain, new LookupGuesser());
                return guessing(sequence, plain, new Script(tokens, right));
            }
        }
    }

    private static void assertSame(Answer seen, Answer expected) {
        assertThat(seen.text()).isEqualTo(expected.text());
        assertThat(seen.tokens()).isEqualTo(expected.tokens());
        assertThat(seen.forgotten()).isEqualTo(expected.forgotten());
        assertThat(seen.end()).isEqualTo(expected.end());
        assertThat(seen.speed().decodedTokens()).isEqualTo(expected.speed().decodedTokens());
    }

    @ParameterizedTest
    @MethodSource("choices")
    void howeverTokensAreChosen(SamplingOptions options) {
        Run run = new Run(demo, CONTEXT, options, WhenFull.STOP, 30);
        Answer some = run.check(0.6);
        assertThat(some.speed().rightGuesses()).isPositive();
        assertThat(some.speed().guessedTokens()).isGreaterThan(some.speed().rightGuesses());
    }

    @Test
    void guessesThatAreRightSavePasses_wrongOnesSaveNone() {
        Run run = new Run(demo, CONTEXT, SamplingOptions.greedy(), WhenFull.STOP, 30);
        Answer right = run.check(1);
        assertThat(right.speed().guessedTokens()).isGreaterThan(20);
        assertThat(right.speed().rightGuesses())
                .as("but for those behind the last token")
                .isBetween(right.speed().guessedTokens() - 7, right.speed().guessedTokens());
        Answer wrong = run.check(0);
        assertThat(wrong.speed().guessedTokens()).isGreaterThan(60);
        assertThat(wrong.speed().rightGuesses()).isZero();
    }

    @ParameterizedTest
    @MethodSource("choices")
    void atTheEndOfTheContext(SamplingOptions options) {
        int context = demo.encode(PROMPT).length + 20;
        assertThat(new Run(demo, context, options, WhenFull.STOP, 1000)
                        .check(0.7)
                        .end())
                .isIn(End.CONTEXT, End.COMPLETE);
        assertThat(new Run(demo, context, options, WhenFull.FORGET_OLDEST, 60)
                        .check(0.7)
                        .forgotten())
                .isPositive();
    }

    @Test
    void inAForm() {
        JsonGrammar grammar = JsonGrammar.ofSchema(TokenTexts.of(demo.tokenizer), """
                {"properties": {"king": {"type": "string", "maxLength": 30}}, "required": ["king"],
                 "additionalProperties": false}""");
        SamplingOptions options = new SamplingOptions(0.8, 40, 1, 0, 1, 64, 5);
        List<Integer> tokens = new ArrayList<>();
        List<Answer> answers = new ArrayList<>();
        for (double right : new double[] {1, 1, 0.6, 0}) {
            Optional<TokenConstraint> form = Optional.of(grammar.constraint());
            try (Sequence sequence = demo.sequence(CONTEXT)) {
                Optional<SpeculativeDecoder> decoder = answers.isEmpty()
                        ? Optional.empty()
                        : Optional.of(new SpeculativeDecoder(sequence, new Script(tokens, right), new Eager()));
                answers.add(new Run(demo, CONTEXT, options, WhenFull.STOP, 1000, form).write(sequence, decoder));
            }
            assertSame(answers.getLast(), answers.getFirst());
        }
        assertThat(answers.getFirst().end()).isEqualTo(End.COMPLETE);
    }

    @Test
    void withEveryKernel() throws IOException {
        SamplingOptions options = new SamplingOptions(0.8, 40, 1, 0, 1.1, 64, 9);
        Answer expected = new Run(demo, CONTEXT, options, WhenFull.STOP, 15).plain();
        for (Kernel kernel : Demo.kernels()) {
            try (Demo other = new Demo(HeadType.STORED, 1, kernel)) {
                Answer answer = new Run(other, CONTEXT, options, WhenFull.STOP, 15).check(0.7);
                assertThat(answer.speed().rightGuesses()).isPositive();
                assertSame(answer, expected);
            }
        }
    }

    @Test
    void withAHeadOfEightBits() throws IOException {
        try (Demo other = new Demo(HeadType.INT8, 2)) {
            SamplingOptions options = new SamplingOptions(0.8, 40, 1, 0, 1.1, 64, 9);
            Answer answer = new Run(other, CONTEXT, options, WhenFull.STOP, 15).check(0.7);
            assertThat(answer.speed().rightGuesses()).isPositive();
        }
    }

    /** A wrong guess may lead to values that are not finite, which plain decoding never computes. */
    @Test
    void aGuessThatCannotBeComputedChangesNothing() throws IOException {
        Failing failing = new Failing(Demo.kernels().getFirst());
        try (Demo other = new Demo(HeadType.STORED, 1, failing)) {
            Run run = new Run(other, CONTEXT, SamplingOptions.greedy(), WhenFull.STOP, 10);
            Answer plain = run.plain();
            TokenGuesser guesser = new TokenGuesser() {
                @Override
                public void start(int[] text) {
                    failing.fails = true;
                }

                @Override
                public void accept(int token) {}

                @Override
                public int guess(int[] out, int at, int most) {
                    Arrays.fill(out, at, at + most, 300);
                    return most;
                }
            };
            try (Sequence sequence = other.sequence(CONTEXT)) {
                Answer answer =
                        run.write(sequence, Optional.of(new SpeculativeDecoder(sequence, guesser, new Eager())));
                assertSame(answer, plain);
                assertThat(answer.speed().guessedTokens()).isZero();
            }
        }
    }

    /** Products of several columns are not finite. */
    private static final class Failing extends Kernel {

        private final Kernel inner;
        private volatile boolean fails;

        Failing(Kernel inner) {
            this.inner = inner;
        }

        @Override
        protected void dequantizeRows(Qk256Matrix w, int fromRow, int toRow, F32Vector out) {
            inner.dequantize(w, fromRow, toRow, out);
        }

        @Override
        protected void gemvF32Rows(Qk256Matrix w, F32Vector x, int fromRow, int toRow, F32Vector y) {
            inner.gemv(w, x, fromRow, toRow, y);
        }

        @Override
        protected void gemvI8Rows(Qk256Matrix w, I8Vector x, int fromRow, int toRow, F32Vector y) {
            inner.gemv(w, x, fromRow, toRow, y);
        }

        @Override
        protected void gemmI8Rows(Qk256Matrix w, I8Batch x, int fromRow, int toRow, F32Vector y) {
            inner.gemm(w, x, fromRow, toRow, y);
            if (fails) {
                y.set(fromRow, Float.NaN);
            }
        }
    }
}
