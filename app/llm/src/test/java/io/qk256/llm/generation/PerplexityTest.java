package io.qk256.llm.generation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import io.qk256.llm.generation.Perplexity.Result;
import io.qk256.llm.model.HeadType;
import io.qk256.llm.text.TestTokenizers;
import io.qk256.llm.text.Tokenizer;
import io.qk256.spi.support.UserError;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Measures the embedded model on tales that it was not trained on. */
class PerplexityTest {

    private static final String HELD_OUT = "/fixtures/model/demo_heldout.txt";

    private static String heldOut() throws IOException {
        try (InputStream in = Objects.requireNonNull(PerplexityTest.class.getResourceAsStream(HELD_OUT), HELD_OUT)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    /**
     * The expected value is from bitnet.cpp. Whether queries and probabilities are rounded to f16 changes it by 2e-4.
     * Takes half a minute, so it runs only on request: {@code -Dqk256.perplexity=whole}.
     */
    @Test
    @EnabledIfSystemProperty(named = "qk256.perplexity", matches = "whole")
    void isThatOfThePeer() throws IOException {
        Result result = measure(HeadType.STORED, Integer.MAX_VALUE);
        assertThat(result.tokens()).isEqualTo(76_856);
        assertThat(result.natsPerToken()).isCloseTo(2.92859, within(3e-4));
        assertThat(result.perplexity()).isCloseTo(18.7013, within(0.006));
        assertThat(measure(HeadType.INT8, Integer.MAX_VALUE).perplexity())
                .as("the head in 8 bits: below 0.1 %")
                .isCloseTo(result.perplexity(), withinPercentage(0.1));
    }

    /** Computed by an implementation in NumPy, with an f32 cache. */
    @ParameterizedTest
    @EnumSource(names = {"STORED", "INT8"})
    void beginningIsThatOfAnotherImplementation(HeadType head) throws IOException {
        Result result = measure(head, 40);
        assertThat(result.tokens()).isEqualTo(10_003);
        assertThat(result.natsPerToken()).isCloseTo(3.2563, within(1e-3));
        assertThat(result.low()).isBetween(22.0, 25.9);
        assertThat(result.high()).isBetween(25.95, 30.0);
    }

    private static Result measure(HeadType head, int most) throws IOException {
        try (Demo demo = new Demo(head, 2)) {
            List<int[]> windows = Perplexity.windows(demo.tokenizer, heldOut(), 256);
            List<int[]> wanted = windows.subList(0, Math.min(most, windows.size()));
            return Perplexity.measure(
                    demo.sequence, demo.tokenizer.beginOfText().orElseThrow(), wanted, (done, total, soFar) -> {});
        }
    }

    @Test
    void textIsCutAtMarksAndThenIntoWindows() {
        Tokenizer letters = TestTokenizers.ofLetters();
        int end = letters.endOfText();
        String mark = letters.describe(end);
        String text = "\nabc\n" + mark + "\n\n" + mark + "\na" + mark + "\n";
        assertThat(Perplexity.windows(letters, text, 3))
                .satisfiesExactly(
                        first -> assertThat(first).containsExactly('a', 'b', 'c'),
                        rest -> assertThat(rest).containsExactly(end),
                        written -> assertThat(written).startsWith('a', '<'),
                        more -> assertThat(more).hasSize(3),
                        last -> assertThat(last).endsWith('>', end));
        assertThatThrownBy(() -> Perplexity.windows(letters, " \n" + mark + "\n", 3))
                .isInstanceOf(UserError.class)
                .hasMessage("the text is empty, expected some text to predict");
    }

    @Test
    void intervalComesFromTheDifferencesBetweenWindows() throws IOException {
        try (Demo demo = new Demo(HeadType.STORED, 1)) {
            int[] window = demo.tokenizer.encode("Once upon a time there was a king", false, false);
            int begin = demo.tokenizer.beginOfText().orElseThrow();
            AtomicInteger calls = new AtomicInteger();
            Result one = Perplexity.measure(
                    demo.sequence, begin, List.of(window), (done, total, soFar) -> calls.addAndGet(total));
            assertThat(one.standardError()).isNaN();
            assertThat(calls).hasValue(1);
            Result same = Perplexity.measure(demo.sequence, begin, List.of(window, window), (done, total, soFar) -> {});
            assertThat(same.natsPerToken()).isCloseTo(one.natsPerToken(), within(1e-12));
            assertThat(same.standardError()).isCloseTo(0, within(1e-6));
            int[] strange = demo.tokenizer.encode("zzz qqq xxx ### 777", false, false);
            Result two = Perplexity.measure(demo.sequence, begin, List.of(window, strange), (d, t, soFar) -> {});
            Result other = Perplexity.measure(demo.sequence, begin, List.of(strange), (d, t, soFar) -> {});
            double mean = two.natsPerToken();
            double first = (one.natsPerToken() - mean) * window.length;
            double second = (other.natsPerToken() - mean) * strange.length;
            double expected = Math.sqrt(2 * (first * first + second * second)) / two.tokens();
            assertThat(two.standardError()).isCloseTo(expected, within(1e-9));
        }
    }
}
