package io.qk256.tck.bench;

import java.util.Arrays;

/** The plain loops behind a floor. */
interface Floor {

    /** What is timed; the result keeps the compiler from leaving the work out. */
    long run();

    /** The part of one thread. */
    static Floor of(String operation, Shape shape, Rotation matrices, int thread, int threads) {
        return switch (operation) {
            case "fill" -> fill(shape.weights());
            case "read" -> new ReadFloor(matrices, thread, threads);
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
}
