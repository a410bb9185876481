package io.qk256.app.text;

import java.util.Arrays;

/**
 * The characters that GPT-2's vocabularies write for bytes, so that every token is printable: bytes that are printable
 * in Latin-1 stand for themselves, the others for U+0100 and up in their order (openai/gpt-2, src/encoder.py,
 * {@code bytes_to_unicode}).
 */
final class ByteAlphabet {

    private static final int NO_BYTE = -1;
    private static final short[] BYTE_OF_CHARACTER = byteOfCharacter();

    private ByteAlphabet() {}

    /**
     * Decodes characters {@code from} to {@code to} into {@code out}, one byte each.
     *
     * @return whether each stands for a byte
     */
    static boolean decode(String text, int from, int to, byte[] out, int at) {
        for (int i = from; i < to; i++) {
            char c = text.charAt(i);
            if (c >= BYTE_OF_CHARACTER.length || BYTE_OF_CHARACTER[c] == NO_BYTE) {
                return false;
            }
            out[at + i - from] = (byte) BYTE_OF_CHARACTER[c];
        }
        return true;
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
