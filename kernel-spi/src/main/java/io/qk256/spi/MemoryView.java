package io.qk256.spi;

import java.lang.foreign.MemorySegment;

/**
 * A view of memory, with the facts that checks need at each call. The segment is asked once, when the view is made: at each
 * call, that would be virtual calls in a program that uses memory on the heap as well. Immutable and thread-safe.
 *
 * <p>The vectors are such views, and do not only have one: a call of some ten nanoseconds feels each load.
 */
sealed class MemoryView permits F32Vector, I8Vector, I8Batch {

    /** Never runs, so nothing is confined to it; inherits nothing, so it keeps no class loader of its maker alive. */
    private static final Thread NOBODY =
            Thread.ofPlatform().inheritInheritableThreadLocals(false).unstarted(() -> {});

    private final MemorySegment segment;
    private final boolean offHeap;
    private final long address;
    private final long end;
    private final MemorySegment.Scope scope;
    private final boolean confined;
    private final boolean readOnly;

    private MemoryView(MemorySegment segment, MemorySegment.Scope scope, boolean confined) {
        this.segment = segment;
        this.offHeap = segment.isNative();
        this.address = segment.address();
        this.end = address + segment.byteSize();
        this.scope = scope;
        this.confined = confined;
        this.readOnly = segment.isReadOnly();
    }

    /** A view of a segment that was checked. */
    MemoryView(MemorySegment segment) {
        this(segment, segment.scope(), !segment.isAccessibleBy(NOBODY));
    }

    /** A view of a part, of the same scope and thread. */
    MemoryView(MemoryView whole, long from, long bytes) {
        this(whole.segment.asSlice(from, bytes), whole.scope, whole.confined);
    }

    /** The memory. */
    public final MemorySegment segment() {
        return segment;
    }

    /** Whether the values lie off the heap, where native code reaches them by their address. */
    public final boolean isOffHeap() {
        return offHeap;
    }

    /** The address of the first value if they lie off the heap, else its offset in bytes within the array. */
    public final long address() {
        return address;
    }

    final long bytes() {
        return end - address;
    }

    /** Before each operation: the memory may have been closed, or belong to another thread. */
    final void requireUsable(String name) {
        if (confined || !scope.isAlive()) {
            requireAccessible(name);
        }
    }

    private void requireAccessible(String name) {
        if (!segment.isAccessibleBy(Thread.currentThread())) {
            throw new WrongThreadException(name + ": its confined arena belongs to another thread than "
                    + Thread.currentThread().getName() + "; use a shared arena");
        }
        Segments.requireAlive(name, segment);
    }

    /** The same for results. */
    final void requireWritable(String name) {
        requireUsable(name);
        if (readOnly) {
            throw new IllegalArgumentException(name + ": the segment is read-only; results need writable memory");
        }
    }

    /** Whether it is worth the while to ask the segments: on the heap, addresses of different arrays are alike. */
    final boolean mayOverlap(MemoryView other) {
        return offHeap == other.offHeap && address < other.end && other.address < end;
    }

    /** An operation that writes over what it reads would depend on the order of its loops. */
    final void requireDisjoint(String name, MemoryView in, String inName) {
        if (mayOverlap(in) && segment.asOverlappingSlice(in.segment).isPresent()) {
            throw new IllegalArgumentException(name + " overlaps " + inName + "; results need memory of their own");
        }
    }
}
