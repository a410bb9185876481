package io.qk256.avx2.vector;

import java.lang.foreign.MemorySegment;

/**
 * Off-heap segments whose exact class the compiler knows.
 *
 * <p>Every access to a segment asks it for its base and offset. Once a program has used segments of several kinds (off-heap,
 * {@code float[]}, mapped file), these calls are virtual in all compiled code, and an inner loop runs at a tenth of its
 * speed. A comparison of classes before the loop gives the compiler the exact type back, and the calls disappear.
 */
final class NativeMemory {

    private static final Class<?> EXACT = MemorySegment.NULL.getClass();

    private NativeMemory() {}

    static boolean is(MemorySegment segment) {
        return segment.getClass() == EXACT;
    }

    /** The same segment; what the compiler learns from the comparison is the point. */
    static MemorySegment exact(MemorySegment segment) {
        if (segment.getClass() != EXACT) {
            throw new AssertionError("expected off-heap memory, got " + segment);
        }
        return segment;
    }
}
