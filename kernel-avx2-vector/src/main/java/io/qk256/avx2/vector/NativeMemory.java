package io.qk256.avx2.vector;

import java.lang.foreign.MemorySegment;

/**
 * Off-heap segments whose exact class the compiler knows.
 *
 * <p>Every access to a segment reads its base and offset through method calls. Once a program has used several kinds of
 * segments (off-heap, {@code float[]}, mapped file), these calls are virtual in all compiled code, and an inner loop
 * runs at a tenth of its speed. A class comparison before the loop tells the compiler the exact type, and the calls are
 * inlined.
 */
final class NativeMemory {

    private static final Class<?> EXACT = MemorySegment.NULL.getClass();

    private NativeMemory() {}

    static boolean is(MemorySegment segment) {
        return segment.getClass() == EXACT;
    }

    /** Returns the same segment; its purpose is what the compiler learns from the comparison. */
    static MemorySegment exact(MemorySegment segment) {
        if (segment.getClass() != EXACT) {
            throw new AssertionError("expected off-heap memory, got " + segment);
        }
        return segment;
    }
}
