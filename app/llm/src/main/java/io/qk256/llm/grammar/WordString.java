package io.qk256.llm.grammar;

/**
 * The rest of a string that may be one of some words, however it is escaped. A character that is not complete is the
 * range of those that it may become.
 */
final class WordString extends Node {

    private static final int TEXT = StringLexer.TEXT;
    /** Up to {@code TEXT + 3}: so many bytes are missing. */
    private static final int ESCAPE = 4;
    /** Up to {@code HEX + 3}: so many digits of the first unit are read. */
    private static final int HEX = 5;

    private static final int LOW_BACKSLASH = 9;
    private static final int LOW_U = 10;
    /** Up to {@code LOW + 3}: so many digits of the second unit are read. */
    private static final int LOW = 11;

    private final WordMatch match;
    private final int state;
    private final int low;
    private final int high;
    private final int hash;

    WordString(WordMatch match) {
        this(match, TEXT, 0, 0);
    }

    private WordString(WordMatch match, int state, int low, int high) {
        this.match = match;
        this.state = state;
        this.low = low;
        this.high = high;
        this.hash = (match.hashCode() * 31 + state) * 31 + low;
    }

    @Override
    boolean mayEnd() {
        return false;
    }

    @Override
    Node next(int b) {
        if (state == TEXT) {
            return begin(b);
        }
        if (state < ESCAPE) {
            return isContinuation(b) ? continued(b) : NONE;
        }
        if (state >= HEX && state != LOW_BACKSLASH && state != LOW_U) {
            int digit = b < 128 ? Character.digit(b, 16) : -1;
            return digit < 0 ? NONE : state < LOW ? hex(digit, state - HEX) : lowHex(digit, state - LOW);
        }
        return switch (state) {
            case ESCAPE -> {
                int character = StringLexer.shortEscape(b);
                yield character >= 0 ? match.take(character) : b == 'u' ? units(HEX, 0, 0xFFFF) : NONE;
            }
            case LOW_BACKSLASH -> b == '\\' ? new WordString(match, LOW_U, low, high) : NONE;
            default -> b == 'u' ? new WordString(match, LOW, low, high) : NONE;
        };
    }

    private Node begin(int b) {
        if (b == '"') {
            return match.end();
        }
        if (b == '\\') {
            return match.takesMore() ? new WordString(match, ESCAPE, 0, 0) : NONE;
        }
        if (b < 0x80) {
            return b < ' ' ? NONE : match.take(b);
        }
        int after = StringLexer.next(TEXT, b);
        if (after == StringLexer.DEAD) {
            return NONE;
        }
        int missing = b < 0xE0 ? 1 : b < 0xF0 ? 2 : 3;
        int first = (b & (0x3F >> missing)) << (6 * missing);
        int last = first | ((1 << (6 * missing)) - 1);
        return switch (b) {
            case 0xE0 -> characters(missing, 0x800, last, after);
            case 0xED -> characters(missing, first, 0xD7FF, after);
            case 0xF0 -> characters(missing, 0x10000, last, after);
            case 0xF4 -> characters(missing, first, 0x10FFFF, after);
            default -> characters(missing, first, last, after);
        };
    }

    private static boolean isContinuation(int b) {
        return (b & 0xC0) == 0x80;
    }

    private Node continued(int b) {
        int shift = 6 * (state - 1);
        int first = (low & -(1 << (6 * state))) | (b & 0x3F) << shift;
        int last = first | ((1 << shift) - 1);
        if (last < low || first > high) {
            return NONE;
        }
        return state == StringLexer.MORE_1
                ? match.take(first)
                : characters(state - 1, Math.max(low, first), Math.min(high, last), state - 1);
    }

    /** @param lexer the same state in {@link StringLexer} */
    private Node characters(int missing, int first, int last, int lexer) {
        if (match.isOther(first, last)) {
            return match.other(lexer);
        }
        return match.takes(first, last) ? new WordString(match, missing, first, last) : NONE;
    }

    private Node hex(int digit, int read) {
        int shift = 4 * (3 - read);
        int first = low | digit << shift;
        if (read < 3) {
            return units(state + 1, first, first | ((1 << shift) - 1));
        }
        if (Character.isSurrogate((char) first)) {
            return takesUnits(first, first)
                    ? new WordString(match, LOW_BACKSLASH, supplementary(first), supplementary(first) + 0x3FF)
                    : NONE;
        }
        return match.take(first);
    }

    private Node units(int next, int first, int last) {
        return takesUnits(first, last) ? new WordString(match, next, first, last) : NONE;
    }

    /** Whether a character may come whose first, or only, unit of UTF-16 is one of these. */
    private boolean takesUnits(int first, int last) {
        int high = Math.max(first, Character.MIN_HIGH_SURROGATE);
        int highest = Math.min(last, Character.MAX_HIGH_SURROGATE);
        return takes(first, Math.min(last, Character.MIN_SURROGATE - 1))
                || takes(Math.max(first, Character.MAX_SURROGATE + 1), last)
                || (high <= highest && match.takes(supplementary(high), supplementary(highest) + 0x3FF));
    }

    private boolean takes(int first, int last) {
        return first <= last && match.takes(first, last);
    }

    /** The first character with this high surrogate. */
    private static int supplementary(int high) {
        return Character.MIN_SUPPLEMENTARY_CODE_POINT + ((high - Character.MIN_HIGH_SURROGATE) << 10);
    }

    /** The second unit is DC00 to DFFF: the first digit is given, two bits of the second one too. */
    private Node lowHex(int digit, int read) {
        if (read == 0) {
            return digit == 0xD ? new WordString(match, state + 1, low, high) : NONE;
        }
        if (read == 1 && digit < 0xC) {
            return NONE;
        }
        int shift = 4 * (3 - read);
        int first = low | (read == 1 ? digit - 0xC : digit) << shift;
        if (read == 3) {
            return match.take(first);
        }
        int last = first | ((1 << shift) - 1);
        return match.takes(first, last) ? new WordString(match, state + 1, first, last) : NONE;
    }

    @Override
    public boolean equals(Object other) {
        return this == other
                || (other instanceof WordString that
                        && hash == that.hash
                        && state == that.state
                        && low == that.low
                        && high == that.high
                        && match.equals(that.match));
    }

    @Override
    public int hashCode() {
        return hash;
    }
}
