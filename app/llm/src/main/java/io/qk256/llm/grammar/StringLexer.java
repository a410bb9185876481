package io.qk256.llm.grammar;

import java.util.Arrays;

/**
 * What may stand between the quotes of a JSON string, byte by byte: UTF-8 without control characters, and escapes, with
 * surrogates in pairs only. States are small numbers; {@link #TEXT} is between two characters.
 */
final class StringLexer {

    static final int TEXT = 0;
    static final int DEAD = -1;

    /** One to three bytes of a character are missing. */
    static final int MORE_1 = 1;

    private static final int MORE_2 = 2;
    private static final int MORE_3 = 3;

    /** The second byte is restricted, so that characters are not surrogates, too long or too large. */
    private static final int AFTER_E0 = 4;

    private static final int AFTER_ED = 5;
    private static final int AFTER_F0 = 6;
    private static final int AFTER_F4 = 7;

    private static final int ESCAPE = 8;
    private static final int HEX_0 = 9;
    private static final int HEX_1 = 10;
    private static final int HEX_1_D = 11;
    private static final int HEX_2 = 12;
    private static final int HEX_2_HIGH = 13;
    private static final int HEX_3 = 14;
    private static final int HEX_3_HIGH = 15;
    private static final int LOW_BACKSLASH = 16;
    private static final int LOW_U = 17;
    private static final int LOW_0 = 18;
    private static final int LOW_1 = 19;
    private static final int LOW_2 = 20;
    private static final int LOW_3 = 21;
    private static final int STATES = 22;

    private static final byte[][] NEXT = table();

    private StringLexer() {}

    /** The state after a byte, which is not the quote that ends the string; or {@link #DEAD}. */
    static int next(int state, int b) {
        return NEXT[state][b];
    }

    /** The character that a short escape stands for; -1 if there is none. */
    static int shortEscape(int b) {
        return switch (b) {
            case '"', '\\', '/' -> b;
            case 'b' -> '\b';
            case 'f' -> '\f';
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            default -> -1;
        };
    }

    private static byte[][] table() {
        byte[][] next = new byte[STATES][256];
        for (byte[] row : next) {
            Arrays.fill(row, (byte) DEAD);
        }
        set(next, TEXT, ' ', 0x7F, TEXT);
        next[TEXT]['"'] = DEAD;
        next[TEXT]['\\'] = ESCAPE;
        set(next, TEXT, 0xC2, 0xDF, MORE_1);
        set(next, TEXT, 0xE1, 0xEF, MORE_2);
        next[TEXT][0xE0] = AFTER_E0;
        next[TEXT][0xED] = AFTER_ED;
        next[TEXT][0xF0] = AFTER_F0;
        set(next, TEXT, 0xF1, 0xF3, MORE_3);
        next[TEXT][0xF4] = AFTER_F4;
        set(next, MORE_1, 0x80, 0xBF, TEXT);
        set(next, MORE_2, 0x80, 0xBF, MORE_1);
        set(next, MORE_3, 0x80, 0xBF, MORE_2);
        set(next, AFTER_E0, 0xA0, 0xBF, MORE_1);
        set(next, AFTER_ED, 0x80, 0x9F, MORE_1);
        set(next, AFTER_F0, 0x90, 0xBF, MORE_2);
        set(next, AFTER_F4, 0x80, 0x8F, MORE_2);
        for (int b = 0; b < 128; b++) {
            if (shortEscape(b) >= 0) {
                next[ESCAPE][b] = TEXT;
            }
            int digit = Character.digit(b, 16);
            if (digit >= 0) {
                hex(next, b, digit);
            }
        }
        next[ESCAPE]['u'] = HEX_0;
        next[LOW_BACKSLASH]['\\'] = LOW_U;
        next[LOW_U]['u'] = LOW_0;
        return next;
    }

    private static void hex(byte[][] next, int b, int digit) {
        next[HEX_0][b] = (byte) (digit == 0xD ? HEX_1_D : HEX_1);
        next[HEX_1][b] = HEX_2;
        if (digit < 0xC) {
            next[HEX_1_D][b] = (byte) (digit < 8 ? HEX_2 : HEX_2_HIGH);
        }
        next[HEX_2][b] = HEX_3;
        next[HEX_3][b] = TEXT;
        next[HEX_2_HIGH][b] = HEX_3_HIGH;
        next[HEX_3_HIGH][b] = LOW_BACKSLASH;
        if (digit == 0xD) {
            next[LOW_0][b] = LOW_1;
        }
        if (digit >= 0xC) {
            next[LOW_1][b] = LOW_2;
        }
        next[LOW_2][b] = LOW_3;
        next[LOW_3][b] = TEXT;
    }

    private static void set(byte[][] next, int state, int from, int to, int value) {
        Arrays.fill(next[state], from, to + 1, (byte) value);
    }
}
