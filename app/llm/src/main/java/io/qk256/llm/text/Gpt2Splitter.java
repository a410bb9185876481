package io.qk256.llm.text;

/**
 * Splits text as GPT-2 does. The first of these alternatives that matches, with Unicode classes, is the next piece
 * (openai/gpt-2, src/encoder.py):
 *
 * <pre>
 * 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
 * </pre>
 */
final class Gpt2Splitter implements Splitter {

    @Override
    public void split(CharSequence text, int from, int to, Pieces out) {
        for (int start = from; start < to; ) {
            int end = end(text, start, to);
            out.accept(start, end);
            start = end;
        }
    }

    private static int end(CharSequence text, int start, int to) {
        char first = text.charAt(start);
        int contraction = first == '\'' ? contractionEnd(text, start, to) : start;
        if (contraction > start) {
            return contraction;
        }
        int run = first == ' ' ? start + 1 : start;
        int kind = Characters.classAt(text, run, to);
        if (kind == Characters.SPACE || kind == Characters.END) {
            return spacesEnd(text, start, to);
        }
        return Characters.endOf(kind, text, run, to);
    }

    private static int contractionEnd(CharSequence text, int start, int to) {
        char first = at(text, start + 1, to);
        char second = at(text, start + 2, to);
        return switch (first) {
            case 's', 't', 'm', 'd' -> start + 2;
            case 'r', 'v' -> second == 'e' ? start + 3 : start;
            case 'l' -> second == 'l' ? start + 3 : start;
            default -> start;
        };
    }

    private static char at(CharSequence text, int i, int to) {
        return i < to ? text.charAt(i) : 0;
    }

    /** Ends before the space that precedes a word; any other last space is a piece. */
    private static int spacesEnd(CharSequence text, int start, int to) {
        int end = Characters.endOf(Characters.SPACE, text, start, to);
        return end == to || end == start + 1 ? end : end - 1;
    }
}
