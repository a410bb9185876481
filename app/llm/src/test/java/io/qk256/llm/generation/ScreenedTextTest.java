package io.qk256.llm.generation;

import static org.assertj.core.api.Assertions.assertThat;

import io.qk256.llm.model.HeadReadings;
import io.qk256.llm.model.HeadType;
import io.qk256.llm.model.Sequence;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The embedded model gives the same text with a screened head as with the 8-bit one. */
class ScreenedTextTest {

    private static final boolean ALL = "all".equals(System.getProperty("qk256.tests"));
    private static final String HELD_OUT = "/fixtures/model/demo_heldout.txt";

    /** Of 76,856 places, in tales that the model was not trained on. */
    private static final int PLACES = ALL ? Integer.MAX_VALUE : 700;

    @ParameterizedTest
    @ValueSource(ints = {1, 8})
    void theMostLikelyTokensAreTheSame(int count) throws IOException {
        try (Demo exact = new Demo(HeadType.INT8, 1);
                Demo screened = new Demo(HeadType.SCREENED, 1)) {
            Sequence sequence = screened.sequence;
            sequence.wantBest(count);
            int begin = exact.tokenizer.beginOfText().orElseThrow();
            int[] place = new int[1];
            for (int[] window : Perplexity.windows(exact.tokenizer, heldOut(), 256)) {
                if (place[0] >= PLACES) {
                    break;
                }
                int[] seen = new int[window.length];
                seen[0] = begin;
                System.arraycopy(window, 0, seen, 1, window.length - 1);
                exact.sequence.rewind(0);
                sequence.rewind(0);
                exact.sequence.prompt(
                        seen, (i, logits) -> requireSame(logits, sequence.decode(seen[i]), count, place[0]++));
            }
            HeadReadings readings = screened.readings();
            assertThat(readings.screened() + readings.fallbacks() + readings.full())
                    .isEqualTo(place[0]);
            assertThat(readings.screened()).isGreaterThan(place[0] / 2);
            if (ALL) {
                assertThat(place[0]).isEqualTo(76_856);
                System.out.println("best " + count + ": " + place[0] + " places, " + readings);
            }
        }
    }

    private static void requireSame(float[] all, float[] best, int count, int place) {
        int[] wanted = mostLikely(all, count);
        assertThat(mostLikely(best, count)).as("place %d", place).isEqualTo(wanted);
        for (int token : wanted) {
            assertThat(best[token]).as("place %d", place).isEqualTo(all[token]);
        }
    }

    private static int[] mostLikely(float[] logits, int count) {
        Candidates candidates = new Candidates(logits.length);
        candidates.load(logits);
        candidates.keep(count);
        candidates.order();
        int[] tokens = new int[count];
        for (int i = 0; i < count; i++) {
            tokens[i] = candidates.token(i);
        }
        return tokens;
    }

    private static String heldOut() throws IOException {
        try (InputStream in = Objects.requireNonNull(ScreenedTextTest.class.getResourceAsStream(HELD_OUT), HELD_OUT)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    static List<SamplingOptions> options() {
        return List.of(
                SamplingOptions.greedy(),
                new SamplingOptions(0.8, 8, 1, 0, 1, 64, 3),
                new SamplingOptions(1.5, 12, 0.9, 0.05, 1, 64, 4),
                new SamplingOptions(0, 0, 1, 0, 1.3, 8, 5),
                new SamplingOptions(0.7, 5, 1, 0, 1.1, 6, 6).withPenalties(0.5, 0.1),
                new SamplingOptions(0, 0, 1, 0, 1, 0, 7).withPenalties(-1, 0),
                new SamplingOptions(0, 0, 1, 0, 1, 0, 8).withLogitBias(Map.of(40, 5.0)),
                new SamplingOptions(0.8, 0, 0.9, 0, 1, 0, 9));
    }

    @ParameterizedTest
    @MethodSource("options")
    void theTextIsTheSame(SamplingOptions options) throws IOException {
        try (Demo exact = new Demo(HeadType.INT8, 1);
                Demo screened = new Demo(HeadType.SCREENED, 1)) {
            int[] prompt = exact.encode("Once upon a time");
            String expected = exact.generator(options)
                    .generate(prompt, 60, () -> false, text -> {})
                    .text();
            assertThat(screened.generator(options)
                            .generate(prompt, 60, () -> false, text -> {})
                            .text())
                    .isEqualTo(expected);
            boolean needsAll = options.seed() >= 7;
            HeadReadings readings = screened.readings();
            assertThat(readings.screened() + readings.fallbacks() > 0).isEqualTo(!needsAll);
        }
    }
}
