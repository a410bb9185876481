package io.qk256.llm.grammar;

/** The rest of a string of any text, up to the quote that ends it. Lengths are in characters of Unicode. */
final class FreeString extends Node {

    /** No limit of the length. */
    static final int UNLIMITED = Integer.MAX_VALUE;

    private final int state;
    private final int min;
    private final int max;

    private FreeString(int state, int min, int max) {
        this.state = state;
        this.min = min;
        this.max = max;
    }

    /** A string with at least {@code min} and at most {@code max} more characters, from its first one on. */
    static Node of(int min, int max) {
        return min > max ? NONE : new FreeString(StringLexer.TEXT, min, max);
    }

    /** A string of any length, from a state of {@link StringLexer} on. */
    static Node from(int state) {
        return new FreeString(state, 0, UNLIMITED);
    }

    /** Whether no character has begun that is not complete. */
    boolean isBetweenCharacters() {
        return state == StringLexer.TEXT;
    }

    /** The fewest characters that are missing. */
    int min() {
        return min;
    }

    /** The most characters that may come. */
    int max() {
        return max;
    }

    @Override
    boolean mayEnd() {
        return false;
    }

    @Override
    Node next(int b) {
        boolean begins = state == StringLexer.TEXT;
        if (begins && b == '"') {
            return min == 0 ? END : NONE;
        }
        int after = StringLexer.next(state, b);
        if (after == StringLexer.DEAD || (begins && max == 0)) {
            return NONE;
        }
        return begins
                ? new FreeString(after, Math.max(0, min - 1), max == UNLIMITED ? max : max - 1)
                : new FreeString(after, min, max);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof FreeString that && state == that.state && min == that.min && max == that.max;
    }

    @Override
    public int hashCode() {
        return (state * 31 + min) * 31 + max;
    }
}
