package io.qk256.gguf;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Strings of all kinds among one another: all are found, and none that is damaged passes. */
class StringStartsTest {

    private final SplittableRandom random = new SplittableRandom(3);
    private final ByteArrayOutputStream file = new ByteArrayOutputStream();
    private final List<byte[]> texts = new ArrayList<>();

    private void add(byte[] text) {
        file.writeBytes(ByteBuffer.allocate(Long.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(text.length)
                .array());
        file.writeBytes(text);
        texts.add(text);
    }

    private byte[] text() {
        String alphabet = "aZ 9éĠ▁€한\ud7ff\ue000\uffff😀";
        int[] points = random.ints(random.nextInt(12), 0, alphabet.codePointCount(0, alphabet.length()))
                .map(i -> alphabet.codePoints().toArray()[i])
                .toArray();
        byte[] utf8 = new String(points, 0, points.length).getBytes(StandardCharsets.UTF_8);
        if (utf8.length > 0 && random.nextInt(4) == 0) {
            utf8[random.nextInt(utf8.length)] = (byte) random.nextInt();
        }
        return utf8;
    }

    private static boolean isUtf8(byte[] bytes) {
        try {
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
            return true;
        } catch (CharacterCodingException e) {
            return false;
        }
    }

    @Test
    void allAreFoundAndNoneThatIsDamagedPasses() {
        for (int i = 0; i < 40_000; i++) {
            add(i % 9_999 == 7 ? new byte[100_000] : text());
        }
        StringStarts strings = new StringStarts(MemorySegment.ofArray(file.toByteArray()), texts.size());
        int others = 0;
        while (strings.found() < texts.size()) {
            int before = strings.found();
            strings.find();
            for (int i = before; i < strings.found(); i++) {
                assertThat(isUtf8(texts.get(i))).as("text %d", i).isTrue();
            }
            if (strings.found() < texts.size()) {
                strings.add(Long.BYTES + texts.get(strings.found()).length);
                others++;
            }
        }
        long at = 0;
        for (int i = 0; i < texts.size(); i++) {
            assertThat(strings.starts()[i]).isEqualTo(at);
            at += Long.BYTES + texts.get(i).length;
        }
        assertThat(strings.size()).isEqualTo(at).isEqualTo(file.size());
        assertThat(others).isBetween(4, texts.size() * 3 / 4);
    }

    /** Whatever is cut off, or longer than the file, is left to the caller. */
    @Test
    void theEndOfTheFileIsNotPassed() {
        add("first".getBytes(StandardCharsets.UTF_8));
        add("second".getBytes(StandardCharsets.UTF_8));
        byte[] all = file.toByteArray();
        for (int length = 0; length <= all.length; length++) {
            StringStarts strings = new StringStarts(MemorySegment.ofArray(all).asSlice(0, length), 3);
            strings.find();
            assertThat(strings.found()).isEqualTo(length < 13 ? 0 : length < all.length ? 1 : 2);
        }
        all[7] = (byte) 0x80; // A negative length.
        StringStarts strings = new StringStarts(MemorySegment.ofArray(all), 2);
        strings.find();
        assertThat(strings.found()).isZero();
    }
}
