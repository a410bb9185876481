package io.qk256.llm.text;

/** A piece of text as UTF-8, in an array that is used again for the next piece. Not thread-safe. */
final class Utf8Piece {

    private byte[] bytes = new byte[64];
    private int length;

    /** Takes the characters {@code [from, to)}, which must not have unpaired surrogates. */
    void set(String text, int from, int to) {
        length = 0;
        int needed = utf8Length(text, from, to);
        if (bytes.length < needed) {
            bytes = new byte[needed];
        }
        for (int i = from; i < to; i++) {
            char c = text.charAt(i);
            if (c < 0x80) {
                bytes[length++] = (byte) c;
            } else if (c < 0x800) {
                bytes[length++] = (byte) (0xC0 | (c >> 6));
                bytes[length++] = (byte) (0x80 | (c & 0x3F));
            } else if (!Character.isSurrogate(c)) {
                bytes[length++] = (byte) (0xE0 | (c >> 12));
                bytes[length++] = (byte) (0x80 | ((c >> 6) & 0x3F));
                bytes[length++] = (byte) (0x80 | (c & 0x3F));
            } else {
                int pair = text.codePointAt(i++);
                bytes[length++] = (byte) (0xF0 | (pair >> 18));
                bytes[length++] = (byte) (0x80 | ((pair >> 12) & 0x3F));
                bytes[length++] = (byte) (0x80 | ((pair >> 6) & 0x3F));
                bytes[length++] = (byte) (0x80 | (pair & 0x3F));
            }
        }
    }

    /** The array that holds the piece, from its beginning; valid until the next one is set. */
    byte[] bytes() {
        return bytes;
    }

    /** The number of bytes of the piece. */
    int length() {
        return length;
    }

    private static int utf8Length(String text, int from, int to) {
        int sum = 0;
        for (int i = from; i < to; i++) {
            char c = text.charAt(i);
            int added = c < 0x80 ? 1 : c < 0x800 || Character.isSurrogate(c) ? 2 : 3;
            sum = Math.addExact(sum, added);
        }
        return sum;
    }
}
