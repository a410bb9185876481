package com.example.engine;

import io.qk256.spi.F32Vector;
import io.qk256.spi.I8Vector;
import io.qk256.spi.Qk256Matrix;
import io.qk256.spi.memory.Packing;
import io.qk256.spi.memory.Quantization;
import io.qk256.spi.parallel.ParallelKernel;
import io.qk256.spi.selection.CpuFeatures;
import io.qk256.spi.selection.KernelSelector;
import java.lang.foreign.Arena;
import java.util.Random;

/** Multiplies weights and activations from arrays with the fastest kernel that runs here. */
public final class Main {

    static final int ROWS = 4096;
    static final int COLS = 2560;

    private Main() {}

    public static void main(String[] args) {
        float[] weights = numbers(ROWS * COLS, 1);
        float[] activations = numbers(COLS, 2);
        int threads = Math.max(1, Runtime.getRuntime().availableProcessors() / 2);
        try (Arena arena = Arena.ofShared();
                ParallelKernel kernel = ParallelKernel.withThreads(
                        KernelSelector.select(CpuFeatures.unknown()).kernel(), threads)) {
            Qk256Matrix w = Packing.into(arena, kernel).absMean(F32Vector.of(weights), ROWS, COLS);
            I8Vector x = I8Vector.allocate(arena, COLS);
            Quantization.absMax(F32Vector.of(activations), COLS, x);
            F32Vector y = F32Vector.allocate(arena, ROWS);
            kernel.gemv(w, x, y);
            System.out.println("first: " + y.get(0) + ", last: " + y.get(ROWS - 1));
            System.out.println("kernel: " + kernel);
        }
    }

    /** Random numbers in place of your own model. */
    static float[] numbers(int n, long seed) {
        Random random = new Random(seed);
        float[] numbers = new float[n];
        for (int i = 0; i < n; i++) {
            numbers[i] = (float) random.nextGaussian();
        }
        return numbers;
    }
}
