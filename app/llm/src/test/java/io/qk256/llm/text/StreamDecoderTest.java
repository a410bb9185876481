package io.qk256.llm.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class StreamDecoderTest {

    private static final Tokenizer BYTES = Tokenizers.of(Tokenizers.small());

    private final StreamDecoder stream = new StreamDecoder(BYTES);

    @Test
    void holdsACharacterBackUntilItIsComplete() {
        assertThat(stream.accept('a')).isEqualTo("a");
        assertThat(stream.accept(0xf0)).isEmpty();
        assertThat(stream.accept(0x9f)).isEmpty();
        assertThat(stream.accept(0x98)).isEmpty();
        assertThat(stream.accept(0x80)).isEqualTo("\ud83d\ude00");
        assertThat(stream.finish()).isEmpty();
    }

    @Test
    void replacesWhatCannotBecomeUtf8() {
        assertThat(stream.accept(0xe2)).isEmpty();
        assertThat(stream.accept(0x82)).isEmpty();
        assertThat(stream.accept('x')).isEqualTo("\ufffdx");
        assertThat(stream.accept(0xff)).isEqualTo("\ufffd");
        assertThat(stream.finish()).isEmpty();
    }

    @Test
    void replacesWhatIsLeftAtTheEnd() {
        assertThat(stream.accept(0xc3)).isEmpty();
        assertThat(stream.finish()).isEqualTo("\ufffd");
        assertThat(stream.accept(0xc3)).as("a new text").isEmpty();
        assertThat(stream.accept(0xbc)).isEqualTo("\u00fc");
    }

    /** Bytes that are left incomplete become a character of their own, before the token that does not go on with them. */
    @Test
    void tellsWhereATokenBegins() {
        assertBegins(0, "a", 'a');
        assertBegins(0, "", 0xe2);
        assertBegins(0, "", 0x82);
        assertBegins(0, "\u20ac", 0xac);
        assertBegins(0, "", 0xe2);
        assertBegins(0, "", Tokenizers.END_OF_TURN);
        assertBegins(1, "\ufffdx", 'x');
        assertBegins(0, "", 0xe2);
        assertBegins(1, "\ufffd", 0xc3);
        assertBegins(0, "\u00fc", 0xbc);
        assertBegins(0, "", 0xe0);
        assertBegins(1, "\ufffd\ufffd", 0x80);
        assertBegins(0, "\ufffd", 0xff);
    }

    private void assertBegins(int begin, String text, int token) {
        assertThat(stream.accept(token)).isEqualTo(text);
        assertThat(stream.begin()).isEqualTo(begin);
    }

    @Test
    void givesNothingForMarks() {
        assertThat(stream.accept(0xc3)).isEmpty();
        assertThat(stream.accept(Tokenizers.END_OF_TURN)).isEmpty();
        assertThat(stream.accept(0xbc)).isEqualTo("\u00fc");
    }

    @ParameterizedTest
    @MethodSource("io.qk256.llm.text.Vectors#texts")
    void givesRecordedTextsBack(String text) {
        assertThat(streamed(text.getBytes(StandardCharsets.UTF_8)))
                .isEqualTo(new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8));
    }

    @Test
    void givesRandomBytesAsDecodingAtOnceDoes() {
        Random random = new Random(4);
        for (int i = 0; i < 10_000; i++) {
            byte[] bytes = new byte[random.nextInt(12)];
            random.nextBytes(bytes);
            assertThat(streamed(bytes)).as("text %d", i).isEqualTo(new String(bytes, StandardCharsets.UTF_8));
        }
    }

    private String streamed(byte[] bytes) {
        StringBuilder text = new StringBuilder();
        for (byte b : bytes) {
            text.append(stream.accept(Byte.toUnsignedInt(b)));
        }
        return text.append(stream.finish()).toString();
    }
}
