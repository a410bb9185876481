package io.qk256.gguf;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Strings of a file as UTF-8 in one array, as a vocabulary has hundreds of thousands. Immutable and thread-safe. */
public final class GgufStrings {

    private final byte[] data;
    private final long[] starts;

    /**
     * Keeps the arrays, which must not change afterwards.
     *
     * @param data the strings, each preceded by its 8-byte length
     * @param starts the offset of each length
     */
    GgufStrings(byte[] data, long[] starts) {
        this.data = data;
        this.starts = starts;
    }

    /** The number of strings. */
    public int size() {
        return starts.length;
    }

    /** The array that holds the strings; do not modify it. */
    public byte[] utf8() {
        return data;
    }

    /** The index in {@link #utf8} of the first byte of a string. */
    public int from(int i) {
        return (int) starts[i] + Long.BYTES;
    }

    /** The index in {@link #utf8} after the last byte of a string. */
    public int to(int i) {
        return i + 1 < starts.length ? (int) starts[i + 1] : data.length;
    }

    /** Decodes a string. */
    public String text(int i) {
        return new String(data, from(i), to(i) - from(i), StandardCharsets.UTF_8);
    }

    /** Whether a string has exactly these bytes. */
    public boolean equals(int i, byte[] text) {
        return Arrays.equals(data, from(i), to(i), text, 0, text.length);
    }
}
