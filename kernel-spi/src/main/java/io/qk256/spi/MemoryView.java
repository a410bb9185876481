package io.qk256.spi;

import java.lang.foreign.MemorySegment;

/**
 * A view of memory with the facts that each call must check. They are read from the segment once, when the view is
 * created: reading them at each call would cost virtual calls in a program that also uses heap memory. Immutable and
 * thread-safe.
 *
 * <p>The vectors extend this class rather than hold a view: in a call of about ten nanoseconds every load counts.
 */
sealed class MemoryView permits F32Vector, I8Vector, I8Batch, I16Batch, IndexList {

    /** Never started, so no memory is confined to it. Inherits nothing, so it keeps no class loader alive. */
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

    /** A view of a segment that has been checked. */
    MemoryView(MemorySegment segment) {
        this(segment, segment.scope(), !segment.isAccessibleBy(NOBODY));
    }

    /** A view of a part, with the same scope and thread. */
    MemoryView(MemoryView whole, long from, long bytes) {
        this(whole.segment.asSlice(from, bytes), whole.scope, whole.confined);
    }

    /** The memory. */
    public final MemorySegment segment() {
        return segment;
    }

    /** Whether the values are off the heap, where native code can reach them by address. */
    public final boolean isOffHeap() {
        return offHeap;
    }

    /**
     * The address of the first value if the values are off the heap, otherwise its offset in bytes within the array.
     */
    public final long address() {
        return address;
    }

    final long bytes() {
        return end - address;
    }

    /** Checked before each operation, because the memory may have been closed or belong to another thread. */
    final void requireUsable(String name) {
        if (confined || !scope.isAlive()) {
            requireAccessible(name);
        }
    }

    private void requireAccessible(String name) {
        if (!segment.isAccessibleBy(Thread.currentThread())) {
            throw new WrongThreadException(name + ": its confined arena belongs to a thread other than "
                    + Thread.currentThread().getName() + "; use a shared arena");
        }
        Segments.requireAlive(name, segment);
    }

    /** The same check for results, which must be writable. */
    final void requireWritable(String name) {
        requireUsable(name);
        if (readOnly) {
            throw new IllegalArgumentException(name + ": the segment is read-only; results need writable memory");
        }
    }

    /**
     * A cheap test before asking the segments. It may say yes wrongly: on the heap, different arrays have equal
     * offsets.
     */
    final boolean mayOverlap(MemoryView other) {
        return offHeap == other.offHeap && address < other.end && other.address < end;
    }

    /** The result of an operation that overwrites its inputs would depend on the order of its loops. */
    final void requireDisjoint(String name, MemoryView in, String inName) {
        if (mayOverlap(in) && segment.asOverlappingSlice(in.segment).isPresent()) {
            throw new IllegalArgumentException(name + " overlaps " + inName + "; results need memory of their own");
        }
    }
}
