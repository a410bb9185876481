package io.qk256.spi;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/** The checks that every view makes of its memory. */
final class Segments {

    /** Never runs, so nothing is confined to it; inherits nothing, so it keeps no class loader of its maker alive. */
    private static final Thread NOBODY =
            Thread.ofPlatform().inheritInheritableThreadLocals(false).unstarted(() -> {});

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

    static MemorySegment requireAlive(String name, MemorySegment segment) {
        Objects.requireNonNull(segment, name);
        if (!segment.scope().isAlive()) {
            throw closed(name);
        }
        return segment;
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

    /** Before each operation: the memory may have been closed, or belong to another thread. */
    static void requireUsable(String name, MemorySegment segment) {
        if (!segment.isAccessibleBy(Thread.currentThread())) {
            throw new WrongThreadException(name + ": its confined arena belongs to another thread than "
                    + Thread.currentThread().getName() + "; use a shared arena");
        }
        if (!segment.scope().isAlive()) {
            throw closed(name);
        }
    }

    /** Whether only one thread may use the memory; asked once, when a view is made. */
    static boolean isConfined(MemorySegment segment) {
        return !segment.isAccessibleBy(NOBODY);
    }

    /** The same before each operation, with what a view has asked its segment already. */
    static void requireUsable(String name, MemorySegment segment, MemorySegment.Scope scope, boolean confined) {
        if (confined || !scope.isAlive()) {
            requireUsable(name, segment);
        }
    }

    /** An operation that writes over what it reads would depend on the order of its loops. */
    static void requireDisjoint(String outName, MemorySegment out, String inName, MemorySegment in) {
        if (out.isNative() != in.isNative()) {
            return;
        }
        long outFrom = out.address();
        long inFrom = in.address();
        boolean apart = outFrom + out.byteSize() <= inFrom || inFrom + in.byteSize() <= outFrom;
        if (!apart && out.asOverlappingSlice(in).isPresent()) {
            throw new IllegalArgumentException(outName + " overlaps " + inName + "; results need memory of their own");
        }
    }

    private static IllegalStateException closed(String name) {
        return new IllegalStateException(name + ": the arena of this segment is closed");
    }
}
