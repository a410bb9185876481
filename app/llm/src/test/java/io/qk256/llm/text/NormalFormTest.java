package io.qk256.llm.text;

import static org.assertj.core.api.Assertions.assertThat;

import io.qk256.testing.HangGuard;
import java.text.Normalizer;
import java.util.Random;
import org.junit.jupiter.api.Test;

class NormalFormTest {

    /** Marks of many classes, some that decompose, some that stay in place, and other characters. */
    private static final int[] CHARACTERS =
            ("\u0301\u0316\u0334\u0345\u0327\u0344\u0340\u3099\u0e38\u05b0\u064b\u094d\u0f71\u0f73\u0f81"
                            + "\u0903\u20dd\u034f\ud834\udd65\ud834\udd6d\ud82f\udc9e")
                    .codePoints()
                    .toArray();

    @Test
    void agreesOnRecordedTexts() {
        for (RecordedTokens recorded : RecordedTokens.of(TokenizerFamily.QWEN3)) {
            assertThat(NormalForm.ofText(recorded.text()))
                    .as("%s", recorded)
                    .isEqualTo(Normalizer.normalize(recorded.text(), Normalizer.Form.NFC));
        }
    }

    @Test
    void agreesOnRandomMarks() {
        Random random = new Random(6);
        for (int i = 0; i < 2_000; i++) {
            StringBuilder text = new StringBuilder(random.nextBoolean() ? "a" : "");
            random.ints(random.nextInt(200), 0, CHARACTERS.length).forEach(c -> text.appendCodePoint(CHARACTERS[c]));
            text.append("e\u0301");
            assertThat(NormalForm.ofText(text.toString()))
                    .as("text %d", i)
                    .isEqualTo(Normalizer.normalize(text, Normalizer.Form.NFC));
        }
    }

    @Test
    void takesLittleTimeForAMillionMarks() {
        String text = "e" + "\u0301\u0316".repeat(1 << 20);
        assertThat(HangGuard.ends(() -> NormalForm.ofText(text)))
                .isEqualTo("\u00e9" + "\u0316".repeat(1 << 20) + "\u0301".repeat((1 << 20) - 1));
    }

    @Test
    void isAppliedBetweenSpecialTokensOnly() {
        Tokenizer plain = Tokenizers.of(Tokenizers.smallWith("e\u0301", TokenType.USER_DEFINED));
        Tokenizer normalizing = plain.withNfc();
        assertThat(normalizing.encode("e\u0301", false, false)).containsExactly(Tokenizers.DEFINED + 1);
        assertThat(normalizing.encode("a\u0301", false, false)).containsExactly(0xC3, 0xA1);
        assertThat(plain.encode("a\u0301", false, false)).containsExactly('a', 0xCC, 0x81);
        assertThat(normalizing.withNfc().encode("a\u0301", false, false)).containsExactly(0xC3, 0xA1);
        assertThat(normalizing.decode(normalizing.encode("a\u0301", true, false)))
                .isEqualTo("\u00e1");
    }
}
