package io.qk256.llm.text;

/** The classes of characters in which expressions that split text are written. */
final class Characters {

    /** What is none of the others: punctuation, symbols, marks, controls, and what Unicode has not assigned. */
    static final int SYMBOL = 0;

    /** {@code \p{L}}. */
    static final int LETTER = 1;

    /** {@code \p{N}}, not only the decimal digits of {@link Character#isDigit}. */
    static final int NUMBER = 2;

    /** {@code \s}: Unicode's White_Space, which no method of {@link Character} matches. */
    static final int SPACE = 3;

    /** Returned for a place where the text has ended. */
    static final int END = 4;

    private static final byte[] FIRST_PLANE = firstPlane();

    private Characters() {}

    /** The class of a character. */
    static int classOf(int c) {
        return c < FIRST_PLANE.length ? FIRST_PLANE[c] : look(c);
    }

    /** The class of the character at {@code i}, or {@link #END}. */
    static int classAt(CharSequence text, int i, int to) {
        return i < to ? classOf(Character.codePointAt(text, i)) : END;
    }

    /** The index after the characters of this class that begin at {@code start}. */
    static int endOf(int wanted, CharSequence text, int start, int to) {
        int i = start;
        while (i < to) {
            int c = Character.codePointAt(text, i);
            if (classOf(c) != wanted) {
                return i;
            }
            i += Character.charCount(c);
        }
        return i;
    }

    static boolean isNewline(int c) {
        return c == '\n' || c == '\r';
    }

    /** {@code [0-9]}. */
    static boolean isAsciiDigit(int c) {
        return c >= '0' && c <= '9';
    }

    /** {@code \p{P}}. */
    static boolean isPunctuation(int c) {
        return switch (Character.getType(c)) {
            case Character.CONNECTOR_PUNCTUATION,
                    Character.DASH_PUNCTUATION,
                    Character.START_PUNCTUATION,
                    Character.END_PUNCTUATION,
                    Character.INITIAL_QUOTE_PUNCTUATION,
                    Character.FINAL_QUOTE_PUNCTUATION,
                    Character.OTHER_PUNCTUATION -> true;
            default -> false;
        };
    }

    private static byte[] firstPlane() {
        byte[] classes = new byte[1 << 16];
        for (int c = 0; c < classes.length; c++) {
            classes[c] = (byte) look(c);
        }
        return classes;
    }

    private static int look(int c) {
        if ((c >= '\t' && c <= '\r') || c == 0x85 || Character.isSpaceChar(c)) {
            return SPACE;
        }
        return switch (Character.getType(c)) {
            case Character.DECIMAL_DIGIT_NUMBER, Character.LETTER_NUMBER, Character.OTHER_NUMBER -> NUMBER;
            default -> Character.isLetter(c) ? LETTER : SYMBOL;
        };
    }
}
