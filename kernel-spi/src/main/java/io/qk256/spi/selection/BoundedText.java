package io.qk256.spi.selection;

import io.qk256.spi.support.PrintableText;
import java.io.Writer;

/** Keeps the beginning of what foreign code writes, however much it writes. */
final class BoundedText extends Writer {

    private static final int MAX_LENGTH = 20_000;

    private final StringBuilder kept = new StringBuilder();

    BoundedText() {}

    @Override
    public void write(char[] text, int from, int count) {
        kept.append(text, from, Math.min(count, MAX_LENGTH + 1 - kept.length()));
    }

    @Override
    public void write(String text, int from, int count) {
        kept.append(text, from, from + Math.min(count, MAX_LENGTH + 1 - kept.length()));
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}

    /** The text with line feeds and tabs, without other control characters. */
    @Override
    public String toString() {
        return PrintableText.block(kept.toString(), MAX_LENGTH);
    }
}
