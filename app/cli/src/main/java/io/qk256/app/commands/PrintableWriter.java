package io.qk256.app.commands;

import io.qk256.spi.support.PrintableText;
import java.io.FilterWriter;
import java.io.IOException;
import java.io.Writer;
import java.util.function.IntPredicate;

/** Replaces characters that a terminal would obey by escapes such as {@code \u001b}. Not thread-safe. */
final class PrintableWriter extends FilterWriter {

    private final IntPredicate printable;
    private int high = -1;

    private PrintableWriter(Writer to, IntPredicate printable) {
        super(to);
        this.printable = printable;
    }

    /** For the program's own reports. */
    static Writer ofReports(Writer to) {
        return new PrintableWriter(to, PrintableText::isPrintable);
    }

    /**
     * For text in any language: format characters pass, because Persian, Indic scripts and emoji need them, except those that
     * change the direction of the following text.
     */
    static Writer ofText(Writer to) {
        return new PrintableWriter(
                to, c -> PrintableText.isPrintable(c) || (Character.getType(c) == Character.FORMAT && !reverses(c)));
    }

    private static boolean reverses(int codePoint) {
        return (codePoint >= 0x202A && codePoint <= 0x202E) || (codePoint >= 0x2066 && codePoint <= 0x2069);
    }

    @Override
    public void write(int unit) throws IOException {
        char c = (char) unit;
        if (high >= 0) {
            char first = (char) high;
            high = -1;
            if (Character.isLowSurrogate(c)) {
                put(Character.toCodePoint(first, c));
                return;
            }
            put(first);
        }
        if (Character.isHighSurrogate(c)) {
            high = c; // The low surrogate may come with the next call.
        } else {
            put(c);
        }
    }

    private void put(int codePoint) throws IOException {
        boolean asItIs = codePoint == '\n' || codePoint == '\t' || printable.test(codePoint);
        out.write(asItIs ? Character.toString(codePoint) : PrintableText.escape(codePoint));
    }

    @Override
    public void write(char[] units, int from, int count) throws IOException {
        for (int i = from; i < from + count; i++) {
            write(units[i]);
        }
    }

    @Override
    public void write(String text, int from, int count) throws IOException {
        for (int i = from; i < from + count; i++) {
            write(text.charAt(i));
        }
    }
}
