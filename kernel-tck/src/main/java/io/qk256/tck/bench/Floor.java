package io.qk256.tck.bench;

import java.util.Arrays;

/** The simple work whose time is a floor. */
interface Floor {

    /** The timed work; the result keeps the compiler from eliminating it. */
    long run();

    /** Chooses the fastest way to do the work, which it returns in a few words. */
    default String prepare() {
        return "Arrays.fill";
    }

    /** One thread's part of the work. */
    static Floor of(String operation, Shape shape, Rotation<?> matrices, int thread, int threads) {
        return switch (operation) {
            case "fill" -> fill(shape.weights());
            case "read" -> new ReadFloor(matrices, thread, threads);
            default -> throw new IllegalArgumentException("floor: '" + operation + "', expected fill or read");
        };
    }

    /** Fills an array even if kernels write off the heap, because plain Java cannot fill off-heap memory as fast. */
    private static Floor fill(int floats) {
        float[] out = new float[floats];
        return () -> {
            Arrays.fill(out, 1);
            return floats;
        };
    }
}
