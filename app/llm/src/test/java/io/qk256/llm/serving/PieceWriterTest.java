package io.qk256.llm.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.qk256.llm.LanguageModel;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PieceWriterTest {

    private static final String TEXT = "There was once a poor man, a pöör miller, who had a daughter. He said";

    /** The text up to the stop string that ends first, and what was found. */
    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "poor; 'There was once a '; poor",
                "a pöö; 'There was once a poor man, '; a pöö",
                "once,once a|nce; 'There was o'; nce",
                "was once a poor|s; 'There wa'; s",
                "There; ''; There",
                "He said|Zz; 'There was once a poor man, a pöör miller, who had a daughter. '; He said",
                "He said.|Zz; 'There was once a poor man, a pöör miller, who had a daughter. He said';",
                "a daughters; 'There was once a poor man, a pöör miller, who had a daughter. He said';",
            })
    void stopStringsAreFoundAcrossTokens(String stops, String expected, String found) throws IOException {
        try (LanguageModel model = Served.demo()) {
            for (int[] tokens : splits(model)) {
                PieceWriter writer = new PieceWriter(model.tokenizer(), List.of(stops.split("\\|")));
                StringBuilder text = new StringBuilder();
                List<ChosenToken> told = new ArrayList<>();
                for (int i = 0; i < tokens.length && writer.found() == null; i++) {
                    take(writer.accept(new ChosenToken(tokens[i], i, List.of())), text, told);
                    assertThat(expected)
                            .as("nothing is streamed that is taken back")
                            .startsWith(text.toString());
                }
                take(writer.finish(), text, told);
                assertThat(text).hasToString(expected);
                assertThat(writer.found()).isEqualTo(found);
                assertThat(told.stream().map(ChosenToken::logprob)).isSorted();
                assertThat(model.tokenizer()
                                .decode(told.stream()
                                        .mapToInt(ChosenToken::token)
                                        .toArray()))
                        .as("of the tokens that begin in the text")
                        .startsWith(expected);
            }
        }
    }

    /** Also of characters that are several tokens, or two UTF-16 units. */
    @Test
    void aTokenBeginsWhereItsTextBegins() throws IOException {
        String text = "a \ud83d\ude00 p\u00f6\u00f6r \u6f22 man. \ud83d\ude00";
        int[] characters = text.codePoints().toArray();
        try (LanguageModel model = Served.demo()) {
            int[] tokens = model.tokenizer().encode(text, false, false);
            for (List<String> stops : List.of(List.<String>of(), List.of("man?", "\u00f6x"))) {
                PieceWriter writer = new PieceWriter(model.tokenizer(), stops);
                List<ChosenToken> told = new ArrayList<>();
                StringBuilder written = new StringBuilder();
                for (int token : tokens) {
                    take(writer.accept(new ChosenToken(token, 0, List.of())), written, told);
                }
                take(writer.finish(), written, told);
                assertThat(written).hasToString(text);
                assertThat(told).hasSize(tokens.length);
                assertThat(tokens.length)
                        .as("some characters are several tokens")
                        .isGreaterThan(characters.length);
                int bytes = 0;
                for (ChosenToken token : told) {
                    byte[] before = Arrays.copyOf(text.getBytes(StandardCharsets.UTF_8), bytes);
                    String whole = new String(before, StandardCharsets.UTF_8).replace("\ufffd", "");
                    assertThat(token.begin()).isEqualTo(whole.codePoints().count());
                    bytes += model.tokenizer().textBytes(token.token()).length;
                }
            }
        }
    }

    /** What tokens leave incomplete is a character of theirs, not of the token behind them. */
    @Test
    void aTokenBeginsBehindACharacterThatIsLeftIncomplete() throws IOException {
        try (LanguageModel model = Served.demo()) {
            int[] split = model.tokenizer().encode("\u6f22", false, false);
            int[] word = model.tokenizer().encode(" man", false, false);
            assertThat(split).hasSizeGreaterThan(1);
            PieceWriter writer = new PieceWriter(model.tokenizer(), List.of());
            List<ChosenToken> told = new ArrayList<>();
            StringBuilder written = new StringBuilder();
            for (int token : new int[] {word[0], split[0], word[0], word[0]}) {
                take(writer.accept(new ChosenToken(token, 0, List.of())), written, told);
            }
            take(writer.finish(), written, told);
            String first = model.tokenizer().decode(new int[] {word[0]});
            assertThat(written).hasToString(first + '\ufffd' + first + first);
            int length = first.length();
            assertThat(told.stream().map(ChosenToken::begin))
                    .containsExactly(0L, (long) length, length + 1L, 2L * length + 1);
        }
    }

    private static void take(@Nullable TextPiece piece, StringBuilder text, List<ChosenToken> told) {
        if (piece != null) {
            text.append(piece.text());
            told.addAll(piece.tokens());
        }
    }

    /** The text in the tokenizer's tokens, and in others. */
    private static List<int[]> splits(LanguageModel model) {
        List<int[]> splits = new ArrayList<>();
        splits.add(model.tokenizer().encode(TEXT, false, false));
        SplittableRandom random = new SplittableRandom(5);
        for (int i = 0; i < 3; i++) {
            List<Integer> tokens = new ArrayList<>();
            int at = 0;
            while (at < TEXT.length()) {
                int end = Math.min(TEXT.length(), at + 1 + random.nextInt(5));
                for (int token : model.tokenizer().encode(TEXT.substring(at, end), false, false)) {
                    tokens.add(token);
                }
                at = end;
            }
            splits.add(tokens.stream().mapToInt(Integer::intValue).toArray());
        }
        return splits;
    }

    @Test
    void logProbabilitiesAreOfTheWholeDistribution() {
        float[] logits = {1, 3, Float.NEGATIVE_INFINITY, 3, 2};
        ChosenToken chosen = Logprobs.of(4, logits, 3);
        double all = Math.log(Math.exp(1) + 2 * Math.exp(3) + Math.exp(2));
        assertThat(chosen.logprob()).isCloseTo(2 - all, within(1e-12));
        assertThat(chosen.top().stream().map(TokenLogprob::token)).containsExactly(1, 3, 4);
        assertThat(chosen.top().get(2).logprob()).isEqualTo(chosen.logprob());
        assertThat(Logprobs.of(4, logits, 0).top()).isEmpty();
        assertThat(Logprobs.of(4, logits, 20).top()).hasSize(5);
        assertThat(Logprobs.of(4, logits, CompletionRequest.NO_LOGPROBS).logprob())
                .isNaN();
    }
}
