package io.qk256.gguf.layout;

import io.qk256.gguf.LittleEndian;
import java.lang.foreign.MemorySegment;

/**
 * TQ1_0 holds five ternary digits in a byte, the first most significant, scaled so that multiplying the byte by three
 * pushes one digit out at the top. As in TQ2_0, digit {@code n} of neighbouring bytes are neighbouring weights: digits 0 to
 * 4 of 32 bytes, digits 0 to 4 of 16 bytes, digits 0 to 3 of 4 bytes.
 *
 * <p>Source: ggml-org/ggml {@code src/ggml-quants.c}, {@code dequantize_row_tq1_0}.
 */
final class Trits {

    /** For each byte its five codes, code {@code n} in the low bits of byte {@code n}. */
    private static final long[] CODES = new long[256];

    static {
        for (int value = 0; value < CODES.length; value++) {
            int rest = value;
            for (int n = 0; n < 5; n++) {
                int tripled = rest * 3;
                CODES[value] |= (long) (tripled >> 8) << (8 * n);
                rest = tripled & 0xFF;
            }
        }
    }

    private Trits() {}

    /** Repacks one block of 256 weights of TQ1_0. */
    static void fromTq1(MemorySegment from, long fromOffset, MemorySegment to, long toOffset) {
        digits(from, fromOffset, 32, 5, to, toOffset);
        digits(from, fromOffset + 32, 16, 5, to, toOffset + 40);
        digits(from, fromOffset + 48, 4, 4, to, toOffset + 60);
    }

    /** Four bytes give four neighbouring codes, which are one byte of QK256, for each of their digits. */
    private static void digits(
            MemorySegment from, long fromOffset, int bytes, int digits, MemorySegment to, long toOffset) {
        int stride = bytes / 4;
        for (int i = 0; i < stride; i++) {
            int four = from.get(LittleEndian.I32, fromOffset + 4L * i);
            long packed = CODES[four & 0xFF]
                    | (CODES[four >>> 8 & 0xFF] << 2)
                    | (CODES[four >>> 16 & 0xFF] << 4)
                    | (CODES[four >>> 24] << 6);
            for (int n = 0; n < digits; n++) {
                to.set(LittleEndian.I8, toOffset + (long) n * stride + i, (byte) (packed >>> (8 * n)));
            }
        }
    }
}
