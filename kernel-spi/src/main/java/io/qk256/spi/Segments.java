package io.qk256.spi;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/** What views check of a segment before they are made of it, and of an arena before it gives them memory. */
final class Segments {

    private static final long CACHE_LINE = 64;

    private Segments() {}

    /** Off-heap memory, zeroed, on the boundary of a cache line. */
    static MemorySegment allocate(Arena arena, long bytes) {
        requireUsable(arena);
        try {
            return arena.allocate(bytes, CACHE_LINE);
        } catch (OutOfMemoryError e) { // Its own message is missing for some sizes.
            OutOfMemoryError named = new OutOfMemoryError(bytes + " bytes off the heap: " + e.getMessage());
            named.initCause(e);
            throw named;
        }
    }

    /** Before memory is taken for it. */
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

    /** Floats are read and written whole, so they must lie on 4-byte boundaries. */
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
