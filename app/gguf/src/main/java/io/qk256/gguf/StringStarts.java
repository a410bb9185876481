package io.qk256.gguf;

import java.lang.foreign.MemorySegment;

/**
 * Finds where the strings of an array start, and checks that most of them are UTF-8. A vocabulary has hundreds of
 * thousands, and a program reads them first, when the JVM has compiled little code. So this is a loop over a copy of
 * some bytes, which is soon fast.
 */
final class StringStarts {

    private static final int SOME = 1 << 16;

    /** The bytes that begin characters of two and three bytes. After 0xE0 and 0xED, not every second byte is allowed. */
    private static final byte FIRST_OF_TWO = (byte) 0xC2;

    private static final byte FIRST_OF_THREE = (byte) 0xE0;
    private static final byte FIRST_OF_SURROGATES = (byte) 0xED;
    private static final byte FIRST_OF_FOUR = (byte) 0xF0;
    private static final byte LAST_CONTINUATION = (byte) 0xBF;

    private final MemorySegment bytes;
    private final long[] starts;
    private int found;
    private long size;

    /** A copy of the bytes from an offset on. */
    private final byte[] some = new byte[SOME];

    private long someAt = -1;
    private int someBytes;

    /**
     * @param bytes from the length of the first string on, perhaps more than all strings
     * @param count the number of strings
     */
    StringStarts(MemorySegment bytes, int count) {
        this.bytes = bytes;
        this.starts = new long[count];
    }

    /** The offsets of the lengths of the strings. */
    long[] starts() {
        return starts;
    }

    /** The number of strings found so far. */
    int found() {
        return found;
    }

    /** The bytes of the strings found so far, with their lengths. */
    long size() {
        return size;
    }

    /** Finds strings until there are enough, or the next one must be checked otherwise: it is long, rare or damaged. */
    void find() {
        while (findInCopy() && size > someAt) {
            someAt = size;
            someBytes = (int) Math.min(SOME, bytes.byteSize() - size);
            MemorySegment.copy(bytes, LittleEndian.I8, someAt, some, 0, someBytes);
        }
    }

    /** Adds a string that was checked otherwise. */
    void add(long length) {
        starts[found++] = size;
        size += length;
    }

    /** Returns whether the next string is not complete in the copy. */
    private boolean findInCopy() {
        int at = (int) Math.min(size - someAt, someBytes);
        while (found < starts.length) {
            int from = at + Long.BYTES;
            if (from > someBytes) {
                return true;
            }
            int length = length(some, at);
            if (length > someBytes - from) {
                return true;
            }
            if (length < 0 || !isUtf8(some, from, from + length)) {
                return false;
            }
            add(Long.BYTES + length);
            at = from + length;
        }
        return false;
    }

    /** Reads a u64; a negative number if it is 2^31 or more. */
    private static int length(byte[] bytes, int at) {
        int low = (bytes[at] & 0xFF) | (bytes[at + 1] & 0xFF) << 8 | (bytes[at + 2] & 0xFF) << 16 | bytes[at + 3] << 24;
        int high = bytes[at + 4] | bytes[at + 5] | bytes[at + 6] | bytes[at + 7];
        return high == 0 ? low : -1;
    }

    /** Whether the bytes are well-formed characters of one to three bytes, except some of the rarer ones. */
    private static boolean isUtf8(byte[] bytes, int from, int to) {
        int i = from;
        while (i < to) {
            byte first = bytes[i++];
            if (first >= 0) {
                continue;
            }
            boolean isThree = first > FIRST_OF_THREE && first < FIRST_OF_FOUR && first != FIRST_OF_SURROGATES;
            boolean isTwo = first >= FIRST_OF_TWO && first < FIRST_OF_THREE;
            if (!(isTwo || isThree) || i >= to || bytes[i++] > LAST_CONTINUATION) {
                return false;
            }
            if (isThree && (i >= to || bytes[i++] > LAST_CONTINUATION)) {
                return false;
            }
        }
        return true;
    }
}
