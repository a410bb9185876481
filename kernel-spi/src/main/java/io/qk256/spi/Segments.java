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
        requireAlive(name, segment);
        if (segment.byteSize() % Float.BYTES != 0) {
            throw new IllegalArgumentException(
                    name + ": " + segment.byteSize() + " bytes, expected a multiple of 4 (f32 values)");
        }
        if (segment.maxByteAlignment() < Float.BYTES) {
            throw new IllegalArgumentException(name + ": the segment is aligned to " + segment.maxByteAlignment()
                    + " byte(s), expected 4 or more; use a float[] or off-heap memory on a 4-byte boundary");
        }
    }
}
