package io.qk256.llm.text;

import static org.assertj.core.api.Assertions.assertThat;

import io.qk256.testing.HangGuard;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Pieces are those of other programs and of the regular expression, in linear time. */
class Llama3SplitterTest {

    private static final Pattern EXPRESSION = Pattern.compile(
            "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*"
                    + "|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
            Pattern.UNICODE_CHARACTER_CLASS);

    /** Characters at which the alternatives of the expression differ. */
    private static final int[] TELLING = (" \t\n\r\u000b\f\u001c\u0000\u0085\u00a0\u1680\u180e\u2007\u2028\u202f\u3000"
                    + "\u200b\ufeff\ufffd'\u2019sStTmMdDlLrRvVeE\u017f\u212aax1230\u0663\u2160\u00b2\u00bd\u3007\u4e00"
                    + "\u0301\u093e\u200d.,!_-#$\ue000\u0378\ud83d\ude00\ud835\udd6b\ud83d\udc69\ud800\udf48")
            .codePoints()
            .toArray();

    @Test
    void splitsAsOtherProgramsDo() {
        assertThat(Vectors.more()).hasSize(73);
        for (Vectors.Pieces expected : Vectors.more()) {
            String wellFormed = expected.text().codePoints().anyMatch(Llama3SplitterTest::isSurrogate)
                    ? expected.text().replaceAll("\\p{Cs}", "\ufffd")
                    : expected.text();
            assertThat(split(wellFormed)).as(expected.text()).isEqualTo(expected.pieces());
        }
    }

    @ParameterizedTest
    @MethodSource("io.qk256.llm.text.Vectors#texts")
    void splitsRecordedTextsAsTheExpressionDoes(String text) {
        assertThat(split(text)).isEqualTo(matches(text));
    }

    @Test
    void splitsRandomTextsAsTheExpressionDoes() {
        Random random = new Random(1);
        for (int i = 0; i < 20_000; i++) {
            int[] characters = random.ints(random.nextInt(12), 0, TELLING.length)
                    .map(c -> TELLING[c])
                    .toArray();
            String text = new String(characters, 0, characters.length);
            assertThat(split(text)).as("text %d", i).isEqualTo(matches(text));
        }
    }

    @Test
    void classifiesEveryCharacterAsTheExpressionDoes() {
        for (int c = 0; c <= Character.MAX_CODE_POINT; c++) {
            if (!isSurrogate(c)) {
                String text = "x" + Character.toString(c) + " 1" + Character.toString(c) + "y";
                if (!split(text).equals(matches(text))) {
                    assertThat(split(text)).as("U+%04X", c).isEqualTo(matches(text));
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"a", "1", " ", "\n", "\r\n", "\u3000", "!", "'", " \n", "\u0301", "\ud83d\ude00", "a1", "'s"})
    void takesLinearTime(String unit) {
        String text = unit.repeat((1 << 22) / unit.length());
        HangGuard.ends(() -> {
            int[] end = {0};
            new Llama3Splitter(3).split(text, 0, text.length(), (from, to) -> end[0] = to);
            return end[0];
        });
    }

    private static List<String> split(String text) {
        List<String> pieces = new ArrayList<>();
        new Llama3Splitter(3).split(text, 0, text.length(), (from, to) -> pieces.add(text.substring(from, to)));
        return pieces;
    }

    private static List<String> matches(String text) {
        List<String> pieces = new ArrayList<>();
        for (Matcher matcher = EXPRESSION.matcher(text); matcher.find(); ) {
            pieces.add(matcher.group());
        }
        return pieces;
    }

    private static boolean isSurrogate(int c) {
        return c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE;
    }
}
