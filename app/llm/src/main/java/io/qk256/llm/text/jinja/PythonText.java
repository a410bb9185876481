package io.qk256.llm.text.jinja;

/** Where Python's idea of text differs from Java's. */
final class PythonText {

    private PythonText() {}

    /** What {@code str.strip} cuts: Unicode white space and the four separators U+001C to U+001F. */
    static boolean isWhitespace(char c) {
        return (c >= '\t' && c <= '\r')
                || (c >= '\u001c' && c <= ' ')
                || c == '\u0085'
                || c == '\u00a0'
                || c == '\u1680'
                || (c >= '\u2000' && c <= '\u200a')
                || c == '\u2028'
                || c == '\u2029'
                || c == '\u202f'
                || c == '\u205f'
                || c == '\u3000';
    }

    /** The index behind the white space that starts at {@code start}. */
    static int skipWhitespace(String text, int start) {
        int end = start;
        while (end < text.length() && isWhitespace(text.charAt(end))) {
            end++;
        }
        return end;
    }

    static String stripTrailing(String text) {
        int end = text.length();
        while (end > 0 && isWhitespace(text.charAt(end - 1))) {
            end--;
        }
        return text.substring(0, end);
    }
}
