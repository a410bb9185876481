package io.qk256.llm.grammar;

/**
 * White space between the parts of JSON: none, one space, or one or two line ends and at most 20 spaces or tabs. More
 * would let a model write nothing else for ever.
 */
final class Space extends Node {

    static final Node BEFORE = new Space(-2);

    private static final int FIRST_LINE_END = -1;
    private static final int MAX_INDENT = 20;

    /** -2 at the beginning, -1 after one line end, then the indentation so far. */
    private final int seen;

    private Space(int seen) {
        this.seen = seen;
    }

    @Override
    boolean mayEnd() {
        return true;
    }

    @Override
    Node next(int b) {
        return switch (b) {
            case '\n' -> seen < 0 ? new Space(seen + 1) : NONE;
            case ' ', '\t' -> {
                if (seen < FIRST_LINE_END) {
                    yield b == ' ' ? END : NONE;
                }
                yield seen < MAX_INDENT ? new Space(Math.max(seen, 0) + 1) : NONE;
            }
            default -> NONE;
        };
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Space that && seen == that.seen;
    }

    @Override
    public int hashCode() {
        return seen;
    }
}
