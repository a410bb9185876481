package io.qk256.gguf;

import java.lang.foreign.MemorySegment;

/**
 * A read position in a file's header. It only moves forward and never past the end. Lengths and counts are checked
 * against the bytes that remain, so a hostile file cannot cause an allocation larger than the file justifies.
 */
final class Cursor {

    private static final String INCOMPLETE = "the file is cut off or damaged; get it again";

    /** ggml's limits: a string has at most 1 GiB, an array at most 2^30 elements. */
    private static final long MAX_COUNT = 1L << 30;

    private final String file;
    private final MemorySegment bytes;
    private final Utf8 utf8 = new Utf8();
    private long position;

    Cursor(String file, MemorySegment bytes) {
        this.file = file;
        this.bytes = bytes;
    }

    long position() {
        return position;
    }

    long remaining() {
        return bytes.byteSize() - position;
    }

    /** All remaining bytes; does not move the position. */
    MemorySegment peekRest() {
        return bytes.asSlice(position);
    }

    int i32(String field) throws GgufException {
        requireLeft("", field, Integer.BYTES);
        int value = bytes.get(LittleEndian.I32, position);
        position += Integer.BYTES;
        return value;
    }

    long i64(String field) throws GgufException {
        return i64("", field);
    }

    private long i64(String of, String field) throws GgufException {
        requireLeft(of, field, Long.BYTES);
        long value = bytes.get(LittleEndian.I64, position);
        position += Long.BYTES;
        return value;
    }

    /** Returns the next bytes without copying and moves past them. */
    MemorySegment skip(String field, long length) throws GgufException {
        requireLeft("", field, length);
        MemorySegment slice = bytes.asSlice(position, length);
        position += length;
        return slice;
    }

    /** @param of prefix of the field's name; joined only for errors, as a file has hundreds of thousands of strings */
    private void requireLeft(String of, String field, long length) throws GgufException {
        if (length > remaining()) {
            throw wrong(
                    position,
                    of + field + " needs " + length + " bytes",
                    "at most " + remaining() + " (the file ends there)",
                    INCOMPLETE);
        }
    }

    /**
     * Reads a u64 count of the items that follow.
     *
     * @param minBytes the least number of bytes that one item takes
     */
    long count(String field, long minBytes) throws GgufException {
        return count("", field, minBytes);
    }

    private long count(String of, String field, long minBytes) throws GgufException {
        long at = position;
        long count = i64(of, field);
        long limit = Math.min(remaining() / minBytes, MAX_COUNT);
        if (count < 0 || count > limit) {
            throw wrong(
                    at,
                    of + field + " is " + Long.toUnsignedString(count),
                    "at most " + limit + " (" + remaining() + " bytes are left)",
                    INCOMPLETE);
        }
        return count;
    }

    /** Reads a string and returns its characters, which are valid UTF-8. */
    MemorySegment string(String field) throws GgufException {
        long start = position + Long.BYTES;
        skipString(field);
        return bytes.asSlice(start, position - start);
    }

    /** Checks a string and moves past it. */
    void skipString(String field) throws GgufException {
        long at = position;
        long length = count("length of ", field, 1);
        position += length;
        if (!utf8.isValid(bytes, position - length, position)) {
            throw wrong(at, field + " is not UTF-8", "UTF-8", "the file is damaged; get it again");
        }
    }

    GgufException wrong(long at, String seen, String expected, String advice) {
        return GgufException.at(file, at, seen, expected, advice);
    }

    GgufException damaged(long at, String seen, String expected) {
        return wrong(at, seen, expected, "the file is damaged; get it again");
    }
}
