package io.qk256.gguf;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Strings of a file, as UTF-8 in one array: a vocabulary has hundreds of thousands. Immutable and thread-safe. */
public final class GgufStrings {

    private final byte[] data;
    private final long[] starts;

    /**
     * Takes the arrays, which must not change.
     *
     * @param data the strings, each with 8 bytes before it
     * @param starts where these bytes are
     */
    GgufStrings(byte[] data, long[] starts) {
        this.data = data;
        this.starts = starts;
    }

    /** How many there are. */
    public int size() {
        return starts.length;
    }

    /** The array that they lie in; not to be changed. */
    public byte[] utf8() {
        return data;
    }

    /** Where a string begins in the array. */
    public int from(int i) {
        return (int) starts[i] + Long.BYTES;
    }

    /** Where a string ends in the array. */
    public int to(int i) {
        return i + 1 < starts.length ? (int) starts[i + 1] : data.length;
    }

    /** A string. */
    public String text(int i) {
        return new String(data, from(i), to(i) - from(i), StandardCharsets.UTF_8);
    }

    /** Whether a string has exactly these bytes. */
    public boolean equals(int i, byte[] text) {
        return Arrays.equals(data, from(i), to(i), text, 0, text.length);
    }
}
