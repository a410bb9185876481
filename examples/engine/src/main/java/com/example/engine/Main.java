package com.example.engine;

import io.qk256.llm.LanguageModel;
import io.qk256.llm.generation.GenerationOptions;
import io.qk256.llm.model.Engine;
import io.qk256.llm.model.EngineOptions;
import io.qk256.spi.F32Vector;
import io.qk256.spi.I8Vector;
import io.qk256.spi.Kernel;
import io.qk256.spi.Qk256Matrix;
import io.qk256.spi.memory.Packing;
import io.qk256.spi.memory.Quantization;
import io.qk256.spi.selection.CpuFeatures;
import io.qk256.spi.selection.KernelSelector;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.Random;

/** Multiplies its own matrix, then generates text with a GGUF model, both with the fastest kernel that runs here. */
public final class Main {

    static final int ROWS = 4096;
    static final int COLS = 2560;

    private Main() {}

    public static void main(String[] args) throws IOException {
        Kernel kernel = KernelSelector.select(CpuFeatures.unknown()).kernel();
        System.out.println("kernel: " + kernel);

        try (Arena arena = Arena.ofConfined()) {
            Qk256Matrix w = Packing.into(arena).absMean(F32Vector.of(numbers(ROWS * COLS, 1)), ROWS, COLS);
            I8Vector x = I8Vector.allocate(arena, COLS);
            Quantization.absMax(F32Vector.of(numbers(COLS, 2)), COLS, x);
            F32Vector y = F32Vector.of(new float[ROWS]);
            kernel.gemv(w, x, y);
            System.out.println("first: " + y.get(0) + ", last: " + y.get(ROWS - 1));
        }

        if (args.length == 0) {
            System.out.println("no text: give a model.gguf as argument");
            return;
        }
        try (LanguageModel model = LanguageModel.open(Path.of(args[0]));
                Engine engine = model.engine(kernel, EngineOptions.withThreads(2))) {
            GenerationOptions options = GenerationOptions.usual().withMaxTokens(30);
            model.generate(engine, "Once upon a time", options, System.out::print);
            System.out.println();
        }
    }

    /** Random numbers in place of your own weights and activations. */
    static float[] numbers(int n, long seed) {
        Random random = new Random(seed);
        float[] numbers = new float[n];
        for (int i = 0; i < n; i++) {
            numbers[i] = (float) random.nextGaussian();
        }
        return numbers;
    }
}
