package io.qk256.tck.bench;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/** The plain loops behind a floor. */
interface Floor {

    /** What is timed; the result keeps the compiler from leaving the work out. */
    long run();

    static Floor of(String operation, Shape shape, Rotation matrices) {
        return switch (operation) {
            case "fill" -> fill(shape.weights());
            case "read" -> () -> sum(matrices.next().codes());
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

    private static long sum(MemorySegment bytes) {
        int sum = 0;
        int ints = Math.toIntExact(bytes.byteSize() / Integer.BYTES);
        for (int i = 0; i < ints; i++) {
            // HotSpot does not think a bare sum worth vectors; with the mask it does, and reads three times as fast.
            sum += bytes.getAtIndex(ValueLayout.JAVA_INT, i) & 0x5555_5555;
        }
        return sum;
    }
}
