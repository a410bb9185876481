package io.qk256.spi;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/** Checks a segment before a view of it is created, and an arena before memory is allocated from it. */
final class Segments {

    private static final long CACHE_LINE = 64;

    private Segments() {}

    /** Allocates off-heap memory, zeroed, on a cache-line boundary. */
    static MemorySegment allocate(Arena arena, long bytes) {
        requireUsable(arena);
        try {
            return arena.allocate(bytes, CACHE_LINE);
        } catch (OutOfMemoryError e) { // For some sizes the JDK's message does not give the size.
            OutOfMemoryError named = new OutOfMemoryError(bytes + " bytes off the heap: " + e.getMessage());
            named.initCause(e);
            throw named;
        }
    }

    /** Checked before memory is allocated from the arena. */
    static void requireUsable(Arena arena) {
        if (!arena.scope().isAlive()) {
            throw new IllegalStateException("arena: it is closed");
        }
    }

    static void requireAlive(String name, MemorySegment segment) {
        Objects.requireNonNull(segment, name);
        if (!segment.scope().isAlive()) {
            throw new IllegalStateException(name + ": the arena of this segment is closed");
        }
    }

    /** Each float is read and written as a whole, so it must lie on a 4-byte boundary. */
    static void requireFloats(String name, MemorySegment segment) {
        requireAligned(name, segment, Float.BYTES, "f32");
    }

    /** Each number is read and written as a whole, so it must lie on a boundary of its size. */
    static void requireAligned(String name, MemorySegment segment, int size, String type) {
        requireAlive(name, segment);
        if (segment.byteSize() % size != 0) {
            throw new IllegalArgumentException(name + ": " + segment.byteSize() + " bytes, expected a multiple of "
                    + size + " (" + type + " values)");
        }
        if (segment.maxByteAlignment() < size) {
            throw new IllegalArgumentException(name + ": the segment is aligned to " + segment.maxByteAlignment()
                    + " byte(s), expected " + size + " or more; use "
                    + (size == Float.BYTES ? "a float[]" : "a short[]") + " or off-heap memory on a " + size
                    + "-byte boundary");
        }
    }
}
