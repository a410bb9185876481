package io.qk256.gguf.layout;

import io.qk256.gguf.LittleEndian;
import java.lang.foreign.MemorySegment;

/**
 * Bytes that hold five ternary digits each, in TQ1_0 and PTQ1_0. The first digit is the most significant one, and the
 * number is scaled so that multiplying the byte by three pushes one digit out at the top. A weight is its digit minus
 * one. Digits {@code n} of neighboring bytes are neighboring weights.
 *
 * <p>Source: ggml-org/ggml {@code src/ggml-quants.c}, {@code dequantize_row_tq1_0}.
 */
final class TernaryDigits {

    private static final int[] POWERS_OF_THREE = {1, 3, 9, 27, 81};

    /** The five codes of each byte value, code {@code n} in the low bits of byte {@code n}. */
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

    private TernaryDigits() {}

    /** The weight of digit {@code n} of a byte, without its scale. */
    static byte value(byte digits, int n) {
        int shifted = digits * POWERS_OF_THREE[n] & 0xFF;
        return (byte) (((shifted * 3) >> 8) - 1);
    }

    /**
     * Decodes a run of bytes.
     *
     * @param bytes how many
     * @param digits how many digits of each byte to take
     */
    static void decode(byte[] from, int at, int bytes, int digits, float scale, float[] out, int to) {
        for (int n = 0; n < digits; n++) {
            for (int i = 0; i < bytes; i++) {
                out[to + n * bytes + i] = value(from[at + i], n) * scale;
            }
        }
    }

    /**
     * Encodes a run of bytes.
     *
     * @param codes one in a byte, from {@code from} on
     * @param bytes how many
     * @param digits how many digits of each byte to use; the others are 0
     */
    static void encode(byte[] codes, int from, int bytes, int digits, byte[] out, int to) {
        for (int i = 0; i < bytes; i++) {
            int number = 0;
            for (int n = 0; n < 5; n++) {
                number = number * 3 + (n < digits ? codes[from + n * bytes + i] : 0);
            }
            out[to + i] = (byte) Math.ceilDiv(number * 256, 243);
        }
    }

    /**
     * Repacks a run of bytes. For each digit, four bytes give four neighboring codes, which make one byte of QK256.
     *
     * @param bytes how many, a multiple of four
     * @param digits how many digits of each byte to take
     */
    static void repack(MemorySegment from, long fromOffset, int bytes, int digits, MemorySegment to, long toOffset) {
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

    /** Repacks the first four digits of two bytes: eight codes, two of each digit. */
    static void repackTwo(MemorySegment from, long fromOffset, MemorySegment to, long toOffset) {
        long packed = CODES[from.get(LittleEndian.I8, fromOffset) & 0xFF]
                | (CODES[from.get(LittleEndian.I8, fromOffset + 1) & 0xFF] << 2);
        to.set(LittleEndian.I8, toOffset, (byte) (packed | (packed >>> 4)));
        to.set(LittleEndian.I8, toOffset + 1, (byte) ((packed >>> 16) | (packed >>> 20)));
    }
}
