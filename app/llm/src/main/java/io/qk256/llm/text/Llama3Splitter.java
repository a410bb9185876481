package io.qk256.llm.text;

/**
 * Splits text into the pieces within which tokens are merged, as LLaMA-3 does. The first of these alternatives that
 * matches, with Unicode classes, is the next piece (meta-llama/llama3, llama/tokenizer.py):
 *
 * <pre>
 * (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
 * </pre>
 *
 * <p>Written by hand, because {@link java.util.regex.Pattern} with the same expression backtracks through long runs.
 * Every character is read a bounded number of times, so any text is split in linear time.
 */
final class Llama3Splitter {

    private static final int MAX_DIGITS = 3;
    private static final int LONG_S = 0x17F;

    private final String text;

    Llama3Splitter(String text) {
        this.text = text;
    }

    /**
     * Returns the end of the piece that starts at {@code start}, which must be less than the text's length. The result
     * is greater than {@code start}.
     */
    int end(int start) {
        int contraction = contractionEnd(start);
        if (contraction > start) {
            return contraction;
        }
        int first = text.codePointAt(start);
        int second = start + Character.charCount(first);
        if (Character.isLetter(first) || (mayPrecedeLetters(first) && isLetterAt(second))) {
            return lettersEnd(second);
        }
        if (isNumber(first)) {
            return numbersEnd(start);
        }
        int symbols = first == ' ' ? second : start;
        int symbolsEnd = symbolsEnd(symbols);
        return symbolsEnd > symbols ? newlinesEnd(symbolsEnd) : spacesEnd(start);
    }

    /** The long s is the only non-ASCII character that equals one of these letters when case is ignored. */
    private int contractionEnd(int start) {
        if (text.charAt(start) != '\'') {
            return start;
        }
        char first = lowerAt(start + 1);
        char second = lowerAt(start + 2);
        return switch (first) {
            case 's', LONG_S, 't', 'm', 'd' -> start + 2;
            case 'r', 'v' -> second == 'e' ? start + 3 : start;
            case 'l' -> second == 'l' ? start + 3 : start;
            default -> start;
        };
    }

    private char lowerAt(int i) {
        char c = i < text.length() ? text.charAt(i) : 0;
        return c >= 'A' && c <= 'Z' ? (char) (c + ('a' - 'A')) : c;
    }

    private int lettersEnd(int start) {
        int i = start;
        while (isLetterAt(i)) {
            i += Character.charCount(text.codePointAt(i));
        }
        return i;
    }

    private int numbersEnd(int start) {
        int i = start;
        for (int n = 0; n < MAX_DIGITS && i < text.length() && isNumber(text.codePointAt(i)); n++) {
            i += Character.charCount(text.codePointAt(i));
        }
        return i;
    }

    private int symbolsEnd(int start) {
        int i = start;
        while (i < text.length() && isSymbol(text.codePointAt(i))) {
            i += Character.charCount(text.codePointAt(i));
        }
        return i;
    }

    private int newlinesEnd(int start) {
        int i = start;
        while (i < text.length() && isNewline(text.charAt(i))) {
            i++;
        }
        return i;
    }

    /**
     * Ends after the last newline if there is one, otherwise before the space that precedes a word; that space is a
     * piece.
     */
    private int spacesEnd(int start) {
        int end = start;
        int afterNewline = start;
        while (end < text.length() && isSpace(text.charAt(end))) {
            if (isNewline(text.charAt(end))) {
                afterNewline = end + 1;
            }
            end++;
        }
        if (afterNewline > start) {
            return afterNewline;
        }
        return end == text.length() || end == start + 1 ? end : end - 1;
    }

    private boolean isLetterAt(int i) {
        return i < text.length() && Character.isLetter(text.codePointAt(i));
    }

    private static boolean mayPrecedeLetters(int c) {
        return !isNewline(c) && !isNumber(c);
    }

    private static boolean isNewline(int c) {
        return c == '\n' || c == '\r';
    }

    /** {@code \p{N}}, not only the decimal digits of {@link Character#isDigit}. */
    private static boolean isNumber(int c) {
        return switch (Character.getType(c)) {
            case Character.DECIMAL_DIGIT_NUMBER, Character.LETTER_NUMBER, Character.OTHER_NUMBER -> true;
            default -> false;
        };
    }

    /**
     * Unicode's White_Space, which neither {@link Character#isWhitespace} nor {@link Character#isSpaceChar} matches.
     */
    private static boolean isSpace(int c) {
        return (c >= '\t' && c <= '\r') || c == 0x85 || Character.isSpaceChar(c);
    }

    private static boolean isSymbol(int c) {
        return !isSpace(c) && !Character.isLetter(c) && !isNumber(c);
    }
}
