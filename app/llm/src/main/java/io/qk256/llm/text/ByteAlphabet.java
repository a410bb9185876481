package io.qk256.llm.text;

import java.util.Arrays;

/**
 * The characters that stand for bytes in GPT-2's vocabularies, so that every token is printable: bytes that are
 * printable in Latin-1 stand for themselves, and the others map in order to U+0100 and up (openai/gpt-2,
 * src/encoder.py, {@code bytes_to_unicode}).
 */
final class ByteAlphabet {

    /** Returned if a character stands for no byte. */
    static final int FOREIGN = -1;

    private static final int NO_BYTE = -1;

    /** Larger lead bytes start sequences of three or four bytes, for characters outside the alphabet. */
    private static final byte LAST_FIRST_OF_TWO = (byte) 0xDF;

    private static final short[] BYTE_OF_CHARACTER = byteOfCharacter();

    private ByteAlphabet() {}

    /**
     * Decodes characters into one byte each.
     *
     * @param utf8 the characters in {@code [from, to)}, well-formed
     * @param out receives at most that many bytes, starting at {@code at}
     * @return the number of bytes, or {@link #FOREIGN} if a character stands for no byte
     */
    static int decode(byte[] utf8, int from, int to, byte[] out, int at) {
        int next = at;
        for (int i = from; i < to; i++) {
            int c = utf8[i];
            if (c < 0) {
                if (c > LAST_FIRST_OF_TWO || i + 1 == to) {
                    return FOREIGN;
                }
                i++;
                c = (c & 0x1F) << 6 | (utf8[i] & 0x3F);
            }
            if (c >= BYTE_OF_CHARACTER.length || BYTE_OF_CHARACTER[c] == NO_BYTE) {
                return FOREIGN;
            }
            out[next++] = (byte) BYTE_OF_CHARACTER[c];
        }
        return next - at;
    }

    private static short[] byteOfCharacter() {
        short[] table = new short[512];
        Arrays.fill(table, (short) NO_BYTE);
        int next = 256;
        for (int b = 0; b < 256; b++) {
            boolean printable = (b >= '!' && b <= '~') || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE;
            table[printable ? b : next++] = (short) b;
        }
        return table;
    }
}
