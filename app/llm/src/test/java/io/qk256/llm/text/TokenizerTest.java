package io.qk256.llm.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qk256.testing.HangGuard;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class TokenizerTest {

    private static final Tokenizer DEMO = Tokenizers.demo();
    private static final Tokenizer SMALL = Tokenizers.of(Tokenizers.small());

    /** The tokens that bitnet.cpp produces. */
    @Test
    void encodesPromptsAsBitnetCpp() {
        assertThat(DEMO.encode("Once upon a time there was a king who had three daughters.", true, false))
                .containsExactly(1022, 729, 318, 700, 258, 497, 444, 306, 258, 509, 387, 331, 693, 674, 514, 13);
        assertThat(DEMO.encode("The old woman said to the boy, \"Come with me into the forest, and", true, false))
                .containsExactly(
                        1022, 338, 503, 699, 361, 272, 259, 989, 11, 339, 34, 374, 345, 380, 436, 259, 1019, 11, 269);
        assertThat(DEMO.encode("\"Good morning,\" said the fox to the cat. \"Where are you going?\"", true, false))
                .containsExactly(
                        1022, 1, 38, 412, 836, 381, 361, 259, 588, 87, 272, 259, 276, 278, 13, 339, 54, 256, 265, 519,
                        302, 917, 645);
    }

    /** The tokens that the training program of the demo model produces. */
    @Test
    void encodesAsTheTrainingDid() {
        assertThat(DEMO.encode("The King's daughter didn't answer; she'd gone.", false, false))
                .containsExactly(338, 481, 399, 717, 511, 77, 675, 603, 275, 26, 323, 6, 67, 290, 429, 13);
        assertThat(DEMO.encode(
                        "\"Alas!\" cried he, 1234 times.\n\nThen\tthey lived happily  ever after.\r\n", false, false))
                .containsExactly(
                        957, 75, 283, 604, 749, 270, 11, 220, 16, 17, 18, 19, 478, 297, 329, 773, 197, 83, 256, 88, 940,
                        633, 791, 220, 825, 596, 13, 201, 198);
        assertThat(DEMO.encode("wonderfulness zzz QUEEN 'Ll", false, false))
                .containsExactly(86, 78, 599, 692, 77, 383, 220, 89, 89, 89, 735, 52, 36, 36, 45, 220, 6, 43, 75);
    }

    @Test
    void knowsTheMarks() {
        assertThat(DEMO.vocabularySize()).isEqualTo(1024);
        assertThat(DEMO.beginOfText()).hasValue(1022);
        assertThat(DEMO.endOfText()).isEqualTo(1023);
        assertThat(DEMO.endOfTurn()).isEmpty();
        assertThat(DEMO.addsBeginOfText()).isTrue();
        assertThat(DEMO.isStop(1023)).isTrue();
        assertThat(DEMO.isStop(1022)).isFalse();
        assertThat(DEMO.describe(1023)).isEqualTo("<|end_of_text|>");
        assertThat(SMALL.isStop(Tokenizers.END)).isTrue();
        assertThat(SMALL.isStop(Tokenizers.END_OF_TURN)).isTrue();
    }

    @ParameterizedTest
    @MethodSource("io.qk256.llm.text.Vectors#texts")
    void decodesWhatItEncoded(String text) {
        String wellFormed = text.replaceAll("\\p{Cs}", "\ufffd");
        assertThat(DEMO.decode(DEMO.encode(text, true, false))).isEqualTo(wellFormed);
    }

    @Test
    void takesInvalidTextAsReplacementCharacters() {
        byte[] invalid = {'a', (byte) 0xff, (byte) 0xc3, 'b', (byte) 0xed, (byte) 0xa0, (byte) 0x80};
        String text = new String(invalid, StandardCharsets.UTF_8);
        assertThat(DEMO.decode(DEMO.encode(text, false, false))).isEqualTo(text);
        assertThat(DEMO.encode("a\ud800b", false, false)).isEqualTo(DEMO.encode("a\ufffdb", false, false));
        assertThat(DEMO.decode(new int[] {DEMO.encode("\u00fc", false, false)[0]}))
                .isEqualTo("\ufffd");
    }

    @Test
    void parsesMarksOnlyWhenAsked() {
        String text = "a<|eot_id|>b<|eot_id";

        assertThat(SMALL.encode(text, false, true)).startsWith('a', Tokenizers.END_OF_TURN, 'b', '<', '|', 'e');
        assertThat(SMALL.encode(text, false, false))
                .startsWith('a', '<', '|', 'e')
                .doesNotContain(Tokenizers.END_OF_TURN);
        assertThat(SMALL.decode(SMALL.encode(text, true, false))).isEqualTo(text);
        assertThat(SMALL.decode(SMALL.encode(text, true, true)))
                .as("marks are no text")
                .isEqualTo("ab<|eot_id");
    }

    @Test
    void alwaysFindsTextThatTheVocabularyDefines() {
        assertThat(SMALL.encode("x<think>he", false, false)).containsExactly('x', Tokenizers.DEFINED, Tokenizers.HELLO);
        assertThat(SMALL.decode('x', Tokenizers.DEFINED)).isEqualTo("x<think>");
    }

    @Test
    void encodesNothingAsNothing() {
        assertThat(DEMO.encode("", false, true)).isEmpty();
        assertThat(DEMO.encode("", true, true)).containsExactly(1022);
        assertThat(DEMO.decode()).isEmpty();
    }

    @Test
    void refusesTokensThatItDoesNotHave() {
        assertThatThrownBy(() -> DEMO.decode(5, 1024))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("token 1024, expected 0 to 1023");
        assertThatThrownBy(() -> DEMO.describe(-1)).hasMessage("token -1, expected 0 to 1023");
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", "the", "ing", " ", "\n", "1", "!", "\u4e00", "\ud83d\ude00", "<|eot_id", "'"})
    void encodesAMegabyteWithoutASpaceInTime(String unit) {
        String text = unit.repeat((1 << 20) / unit.length());
        assertThat(HangGuard.ends(() -> DEMO.decode(DEMO.encode(text, false, true))))
                .isEqualTo(text);
    }

    @Test
    void encodesRandomLettersInTime() {
        String text = new Random(3)
                .ints(1 << 20, 'a', 'z' + 1)
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
        assertThat(HangGuard.ends(() -> DEMO.decode(DEMO.encode(text, false, false))))
                .isEqualTo(text);
    }
}
