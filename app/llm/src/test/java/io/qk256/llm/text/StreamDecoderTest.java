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
