package io.qk256.llm.text;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every way to split gives the pieces of its regular expressions, applied one after another, in linear time. */
class SplittersTest {

    private static final String LLAMA3 = "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}"
            + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
    private static final String GPT2 =
            "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";
    private static final String QWEN2 = LLAMA3.replace("{1,3}", "");

    /** Characters at which the alternatives differ. */
    private static final int[] TELLING =
            (" \t\n\r\u000b\u001c\u0085\u00a0\u2028\u3000\u200b\ufeff\ufffd'\u2019stmdlrveSRE"
                            + "\u017fx10\u0663\u2160\u00bd\u4e00\u0301\u200d.,!_-#$+<=>^~|`\u00ac\u20ac\u00a7\ud83d\ude00\ud835\udd6b")
                    .codePoints()
                    .toArray();

    private static List<String> expressions(PreTokenizer split) {
        return switch (split) {
            case LLAMA3, LLAMA3_MERGED -> List.of(LLAMA3);
            case QWEN2 -> List.of(QWEN2);
            case GPT2 -> List.of(GPT2);
            case FALCON -> List.of("[\\p{P}\\$\\+<=>\\^~\\|`]+", GPT2, "[0-9]");
            case DEFAULT -> List.of("[\\p{P}\\$\\+<=>\\^~\\|]+", GPT2, "\\p{N}+", "[0-9][0-9][0-9]");
        };
    }

    static Stream<String> recordedTexts() {
        return RecordedTokens.of(TokenizerFamily.QWEN3).stream().map(RecordedTokens::text);
    }

    @ParameterizedTest
    @EnumSource
    void splitsRecordedTextsAsTheExpressionsDo(PreTokenizer split) {
        List<Pattern> patterns = patterns(split);
        // The expressions need more stack than there is for the longest texts.
        recordedTexts()
                .filter(text -> text.length() < 3_000)
                .forEach(text -> assertThat(pieces(split, text)).as(text).isEqualTo(matches(patterns, text)));
    }

    @ParameterizedTest
    @EnumSource
    void splitsRandomTextsAsTheExpressionsDo(PreTokenizer split) {
        List<Pattern> patterns = patterns(split);
        Random random = new Random(1);
        for (int i = 0; i < 20_000; i++) {
            int[] characters = random.ints(random.nextInt(12), 0, TELLING.length)
                    .map(c -> TELLING[c])
                    .toArray();
            String text = new String(characters, 0, characters.length);
            assertThat(pieces(split, text)).as(text).isEqualTo(matches(patterns, text));
        }
    }

    @Test
    void knowsFalconsPieces() {
        assertThat(pieces(PreTokenizer.FALCON, "It's 2024, `x`=12.5 (ok)\n\n  Yes"))
                .containsExactly(
                        "It", "'", "s", " ", "2", "0", "2", "4", ",", " ", "`", "x", "`=", "1", "2", ".", "5", " ", "(",
                        "ok", ")", "\n\n ", " Yes");
    }

    @Test
    void knowsTheDefaultsPieces() {
        assertThat(pieces(PreTokenizer.DEFAULT, "a 12345\u00bd6789!?"))
                .containsExactly("a", " ", "123", "45\u00bd", "678", "9", "!?");
    }

    @Test
    void knowsEveryNameOnce() {
        assertThat(PreTokenizer.supported())
                .doesNotHaveDuplicates()
                .startsWith("llama-bpe", "dbrx", "qwen2", "falcon3", "gpt-2", "default")
                .contains("falcon_e", "llama3", "olmo", "phi-2", "stablelm2");
        assertThat(PreTokenizer.of("falcon_e")).contains(PreTokenizer.FALCON);
        assertThat(PreTokenizer.of("tekken")).isEmpty();
    }

    /** The library that trained the families' tokenizers classifies characters in the same way. */
    @Test
    void classifiesEveryCharacterAsTheReferenceDoes() throws IOException {
        byte[] expected = new byte[Character.MAX_CODE_POINT + 1];
        try (Reader in = new InputStreamReader(
                Objects.requireNonNull(SplittersTest.class.getResourceAsStream("tokens/pretoken-classes.json")),
                StandardCharsets.UTF_8)) {
            JsonObject classes = new Gson().fromJson(in, JsonObject.class);
            fill(expected, classes.getAsJsonArray("letters"), Characters.LETTER);
            fill(expected, classes.getAsJsonArray("numbers"), Characters.NUMBER);
            fill(expected, classes.getAsJsonArray("spaces"), Characters.SPACE);
        }
        byte[] seen = new byte[expected.length];
        for (int c = 0; c < seen.length; c++) {
            seen[c] = (byte) Characters.classOf(c);
        }
        assertThat(Arrays.mismatch(seen, expected)).isEqualTo(-1);
    }

    private static void fill(byte[] classes, JsonArray ranges, int value) {
        for (JsonElement element : ranges) {
            JsonArray range = element.getAsJsonArray();
            Arrays.fill(
                    classes,
                    range.get(0).getAsInt(),
                    range.get(range.size() - 1).getAsInt() + 1,
                    (byte) value);
        }
    }

    /** Characters read, not time. */
    @ParameterizedTest
    @EnumSource
    void readsEveryCharacterABoundedNumberOfTimes(PreTokenizer split) {
        for (String unit : List.of(
                "a",
                "1",
                " ",
                "\n",
                "\r\n",
                "\u3000",
                "!",
                "'",
                " \n",
                "\n ",
                "\u0301",
                "\ud83d\ude00",
                "a1",
                "'s",
                "$",
                "1\u00bd")) {
            CountedText text = new CountedText(unit.repeat(100_000 / unit.length()));
            int[] end = {0};
            split.splitter().split(text, 0, text.length(), (from, to) -> end[0] = to);
            assertThat(end[0]).isEqualTo(text.length());
            assertThat(text.reads).as("%s of %s", split, unit).isLessThan(20L * text.length());
        }
    }

    private static List<Pattern> patterns(PreTokenizer split) {
        return expressions(split).stream()
                .map(expression -> Pattern.compile(expression, Pattern.UNICODE_CHARACTER_CLASS))
                .toList();
    }

    private static List<String> pieces(PreTokenizer split, String text) {
        List<String> pieces = new ArrayList<>();
        split.splitter().split(text, 0, text.length(), (from, to) -> pieces.add(text.substring(from, to)));
        return pieces;
    }

    /** Each expression splits the pieces of the one before it; what lies between two matches is a piece, too. */
    private static List<String> matches(List<Pattern> patterns, String text) {
        List<String> pieces = text.isEmpty() ? List.of() : List.of(text);
        for (Pattern pattern : patterns) {
            List<String> finer = new ArrayList<>();
            for (String piece : pieces) {
                int end = 0;
                for (Matcher matcher = pattern.matcher(piece); matcher.find(); end = matcher.end()) {
                    if (matcher.start() > end) {
                        finer.add(piece.substring(end, matcher.start()));
                    }
                    finer.add(matcher.group());
                }
                if (end < piece.length()) {
                    finer.add(piece.substring(end));
                }
            }
            pieces = finer;
        }
        return pieces;
    }

    private static final class CountedText implements CharSequence {

        private final String text;
        private long reads;

        CountedText(String text) {
            this.text = text;
        }

        @Override
        public int length() {
            return text.length();
        }

        @Override
        public char charAt(int i) {
            reads++;
            return text.charAt(i);
        }

        @Override
        public CharSequence subSequence(int from, int to) {
            throw new UnsupportedOperationException();
        }

        @Override
        public String toString() {
            throw new UnsupportedOperationException();
        }
    }
}
