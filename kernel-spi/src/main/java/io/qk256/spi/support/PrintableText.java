package io.qk256.spi.support;

import java.util.Locale;

/**
 * Makes text from files, plugins and the environment safe to print: characters that would move the cursor, change
 * colors, reverse the direction of writing or begin a new line are shown as escapes such as {@code \u001b}, and the
 * length is limited. All text that reaches a terminal, a log or a message and was not written by this project goes
 * through here.
 *
 * <p>Stateless and thread-safe.
 */
public final class PrintableText {

    /** The maximum number of characters that {@link #line(String)} keeps. */
    public static final int MAX_LINE = 500;

    private PrintableText() {}

    /** Returns the text as one line of at most {@link #MAX_LINE} characters, plus a note if it was cut. */
    public static String line(String text) {
        return line(text, MAX_LINE);
    }

    /**
     * Returns the text as one line.
     *
     * @param most maximum number of characters to keep, 1 or more; if there are more, a note gives their number
     */
    public static String line(String text, int most) {
        return clean(text, most, false);
    }

    /**
     * Returns the text with its line feeds and tabs, for text of several lines such as a stack trace.
     *
     * @param most maximum number of characters to keep, 1 or more; if there are more, a note gives their number
     */
    public static String block(String text, int most) {
        return clean(text, most, true);
    }

    private static String clean(String text, int most, boolean lines) {
        if (most < 1) {
            throw new IllegalArgumentException("most is " + most + ", expected 1 or more");
        }
        int end = Math.min(text.length(), most);
        if (end < text.length() && Character.isHighSurrogate(text.charAt(end - 1))) {
            end--; // A surrogate pair is kept whole or not at all.
        }
        if (end == text.length() && isPrintable(text, lines)) {
            return text;
        }
        StringBuilder clean = new StringBuilder(end + 16);
        for (int at = 0; at < end; ) {
            int codePoint = text.codePointAt(at);
            append(codePoint, lines, clean);
            at += Character.charCount(codePoint);
        }
        if (end < text.length()) {
            clean.append("... (").append(text.length()).append(" characters)");
        }
        return clean.toString();
    }

    private static boolean isPrintable(String text, boolean lines) {
        return text.codePoints().allMatch(codePoint -> isPrintable(codePoint, lines));
    }

    private static void append(int codePoint, boolean lines, StringBuilder to) {
        if (isPrintable(codePoint, lines)) {
            to.appendCodePoint(codePoint);
        } else {
            to.append(escape(codePoint));
        }
    }

    private static boolean isPrintable(int codePoint, boolean lines) {
        return isPrintable(codePoint) || (lines && (codePoint == '\n' || codePoint == '\t'));
    }

    /** Returns what is shown in place of a character that is not printable. */
    public static String escape(int codePoint) {
        return String.format(Locale.ROOT, codePoint > 0xFFFF ? "\\u{%x}" : "\\u%04x", codePoint);
    }

    /** Whether a character is printed as it is; line feeds and tabs are not. */
    public static boolean isPrintable(int codePoint) {
        return switch (Character.getType(codePoint)) {
            // FORMAT includes the marks that reverse the direction of writing.
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR,
                    Character.SURROGATE -> false;
            default -> true;
        };
    }
}
