package io.qk256.llm.model;

import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemorySegment;

/** Half-precision conversion. */
final class Half {

    private Half() {}

    /** Rounds to f16, half to even, in place. */
    static void round(float[] x, int at, int n) {
        for (int i = at; i < at + n; i++) {
            x[i] = Float.float16ToFloat(Float.floatToFloat16(x[i]));
        }
    }

    /** Rounds to f16, half to even, and writes to off-heap memory, {@code stride} bytes apart. */
    static void narrow(float[] x, int at, int n, MemorySegment to, long toAt, long stride) {
        MemorySegment halves = Reductions.offHeap(to);
        for (int i = 0; i < n; i++) {
            halves.set(JAVA_SHORT, toAt + i * stride, Float.floatToFloat16(x[at + i]));
        }
    }

    /** Widens exactly what is in off-heap memory. */
    static void widen(MemorySegment from, long at, float[] to, int n) {
        MemorySegment halves = Reductions.offHeap(from);
        for (int i = 0; i < n; i++) {
            to[i] = Float.float16ToFloat(halves.get(JAVA_SHORT, at + i * (long) Short.BYTES));
        }
    }
}
