package io.qk256.spi.support;

import java.util.Locale;

/**
 * Makes text from files, plugins and the environment safe to print: what would move the cursor, change colors, reverse the
 * direction of writing or begin a new line is shown as an escape such as {@code \u001b} instead, and the length is bounded.
 * Everything that reaches a terminal, a log or a message and was not written by this project passes through here.
 *
 * <p>Stateless and thread-safe.
 */
public final class PrintableText {

    /** The most characters that {@link #line(String)} keeps. */
    public static final int MAX_LINE = 500;

    private PrintableText() {}

    /** The text as one line of at most {@link #MAX_LINE} characters and a note of what was left out. */
    public static String line(String text) {
        return line(text, MAX_LINE);
    }

    /**
     * The text as one line.
     *
     * @param most the characters of the text that are kept, 1 or more; if there are more, a note says how many there were
     */
    public static String line(String text, int most) {
        return clean(text, most, false);
    }

    /**
     * The text with its line feeds and tabs, for what may have several lines, such as a stack trace.
     *
     * @param most the characters of the text that are kept, 1 or more; if there are more, a note says how many there were
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
            end--; // A pair is kept whole or not at all.
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

    /** What is shown in the place of a character that is not printable. */
    public static String escape(int codePoint) {
        return String.format(Locale.ROOT, codePoint > 0xFFFF ? "\\u{%x}" : "\\u%04x", codePoint);
    }

    /** Whether a character is shown as it is; line feeds and tabs are not. */
    public static boolean isPrintable(int codePoint) {
        return switch (Character.getType(codePoint)) {
            // FORMAT holds the marks that reverse the direction of writing.
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR,
                    Character.SURROGATE -> false;
            default -> true;
        };
    }
}
