package io.qk256.tck.bench;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/** The plain loops behind a floor. */
interface Floor {

    /** In bytes; rows of a matrix are multiples of it. */
    int CACHE_LINE = 64;

    /** What is timed; the result keeps the compiler from leaving the work out. */
    long run();

    /** The part of one thread. */
    static Floor of(String operation, Shape shape, Rotation matrices, int thread, int threads) {
        return switch (operation) {
            case "fill" -> fill(shape.weights());
            case "read" -> {
                int from = ints(shape.codeBytes(), thread, threads);
                int to = ints(shape.codeBytes(), thread + 1, threads);
                yield () -> sum(matrices.next().codes(), from, to);
            }
            default -> throw new IllegalArgumentException("floor: '" + operation + "', expected fill or read");
        };
    }

    /** An array, also where kernels write off the heap: nothing in plain Java fills that memory as fast. */
    private static Floor fill(int floats) {
        float[] out = new float[floats];
        return () -> {
            Arrays.fill(out, 1);
            return floats;
        };
    }

    /** How many int32 values lie before the part of a thread; parts begin on cache lines. */
    private static int ints(long bytes, int thread, int threads) {
        return Math.toIntExact(bytes / CACHE_LINE * thread / threads * (CACHE_LINE / Integer.BYTES));
    }

    private static long sum(MemorySegment bytes, int from, int to) {
        int sum = 0;
        for (int i = from; i < to; i++) {
            // HotSpot does not think a bare sum worth vectors; with the mask it does, and reads three times as fast.
            sum += bytes.getAtIndex(ValueLayout.JAVA_INT, i) & 0x5555_5555;
        }
        return sum;
    }
}
