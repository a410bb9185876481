package io.qk256.gguf;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Compares the UTF-8 check with the JDK's decoder. */
class Utf8Test {

    private static final int BEFORE = 3;

    private final Utf8 utf8 = new Utf8();

    /** Alone, and after enough letters to put the bytes at every position in a word. */
    @Test
    void agreesWithTheJdkOnEveryPairOfBytes() {
        for (int pair = 0; pair < 1 << 16; pair++) {
            for (int letters : new int[] {0, 5, 6, 7, 8}) {
                byte[] bytes = new byte[letters + 2];
                Arrays.fill(bytes, 0, letters, (byte) 'x');
                bytes[letters] = (byte) (pair >> 8);
                bytes[letters + 1] = (byte) pair;
                check(bytes);
            }
        }
    }

    @Test
    void agreesWithTheJdkOnRandomBytesOfWhichMostLeadOrContinue() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int i = 0; i < 200_000; i++) {
            byte[] bytes = new byte[random.nextInt(24)];
            for (int b = 0; b < bytes.length; b++) {
                boolean continues = b > 0 && bytes[b - 1] < 0 && random.nextInt(8) > 0;
                bytes[b] = (byte)
                        (continues
                                ? 0x80 + random.nextInt(0x40)
                                : random.nextInt(4) == 0 ? 0xC0 + random.nextInt(0x38) : 'a');
            }
            check(bytes, "seed " + seed);
        }
    }

    private void check(byte[] bytes) {
        check(bytes, "");
    }

    /** Within other bytes, which must not matter. */
    private void check(byte[] bytes, String label) {
        byte[] surrounded = new byte[BEFORE + bytes.length + 1];
        Arrays.fill(surrounded, (byte) 0xFF);
        System.arraycopy(bytes, 0, surrounded, BEFORE, bytes.length);
        boolean seen = utf8.isValid(MemorySegment.ofArray(surrounded), BEFORE, BEFORE + (long) bytes.length);
        if (seen != isValid(bytes)) {
            assertThat(seen).as("%s %s", HexFormat.of().formatHex(bytes), label).isEqualTo(!seen);
        }
    }

    private static boolean isValid(byte[] bytes) {
        try {
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
            return true;
        } catch (CharacterCodingException e) {
            return false;
        }
    }
}
