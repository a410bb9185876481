package io.qk256.llm.text;

/**
 * Splits text as LLaMA-3 and Qwen do. The first of these alternatives that matches, with Unicode classes, is the next
 * piece (meta-llama/llama3, llama/tokenizer.py); Qwen takes numbers digit by digit, {@code \p{N}}:
 *
 * <pre>
 * (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
 * </pre>
 *
 * <p>Written by hand, because {@link java.util.regex.Pattern} with the same expression backtracks through long runs.
 */
final class Llama3Splitter implements Splitter {

    private static final int LONG_S = 0x17F;

    private final int maxDigits;

    /** @param maxDigits the most numbers in one piece */
    Llama3Splitter(int maxDigits) {
        this.maxDigits = maxDigits;
    }

    @Override
    public void split(CharSequence text, int from, int to, Pieces out) {
        for (int start = from; start < to; ) {
            int end = end(text, start, to);
            out.accept(start, end);
            start = end;
        }
    }

    private int end(CharSequence text, int start, int to) {
        int first = Character.codePointAt(text, start);
        int contraction = first == '\'' ? contractionEnd(text, start, to) : start;
        if (contraction > start) {
            return contraction;
        }
        int second = start + Character.charCount(first);
        int kind = Characters.classOf(first);
        if (kind == Characters.NUMBER) {
            return numbersEnd(text, start, to);
        }
        boolean mayPrecede = !Characters.isNewline(first);
        if (kind == Characters.LETTER || (mayPrecede && Characters.classAt(text, second, to) == Characters.LETTER)) {
            return Characters.endOf(Characters.LETTER, text, second, to);
        }
        int symbols = first == ' ' ? second : start;
        int symbolsEnd = Characters.endOf(Characters.SYMBOL, text, symbols, to);
        return symbolsEnd > symbols ? newlinesEnd(text, symbolsEnd, to) : spacesEnd(text, start, to);
    }

    /** The long s is the only non-ASCII character that equals one of these letters when case is ignored. */
    private static int contractionEnd(CharSequence text, int start, int to) {
        char first = lowerAt(text, start + 1, to);
        char second = lowerAt(text, start + 2, to);
        return switch (first) {
            case 's', LONG_S, 't', 'm', 'd' -> start + 2;
            case 'r', 'v' -> second == 'e' ? start + 3 : start;
            case 'l' -> second == 'l' ? start + 3 : start;
            default -> start;
        };
    }

    private static char lowerAt(CharSequence text, int i, int to) {
        char c = i < to ? text.charAt(i) : 0;
        return c >= 'A' && c <= 'Z' ? (char) (c + ('a' - 'A')) : c;
    }

    private int numbersEnd(CharSequence text, int start, int to) {
        int i = start;
        for (int n = 0; n < maxDigits && Characters.classAt(text, i, to) == Characters.NUMBER; n++) {
            i += Character.charCount(Character.codePointAt(text, i));
        }
        return i;
    }

    private static int newlinesEnd(CharSequence text, int start, int to) {
        int i = start;
        while (i < to && Characters.isNewline(text.charAt(i))) {
            i++;
        }
        return i;
    }

    /**
     * Ends after the last newline if there is one, otherwise before the space that precedes a word; that space is a
     * piece.
     */
    private static int spacesEnd(CharSequence text, int start, int to) {
        int end = Characters.endOf(Characters.SPACE, text, start, to);
        for (int i = end; i > start; i--) {
            if (Characters.isNewline(text.charAt(i - 1))) {
                return i;
            }
        }
        return end == to || end == start + 1 ? end : end - 1;
    }
}
