package io.qk256.tck.bench;

import io.qk256.spi.F32Vector;
import io.qk256.spi.I8Vector;
import io.qk256.spi.Kernel;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;

/** One call of what is measured, and the check of what it gave. For one thread. */
interface Work {

    /** What is timed. */
    void run();

    /** How right the result of the last run is. */
    String verdict();

    /** An operation of a kernel. */
    static Work of(String operation, Kernel kernel, Shape shape, Rotation matrices, Arena arena) {
        return switch (operation) {
            case "dequantize" -> dequantize(kernel, shape, matrices, arena);
            case "gemv-f32" -> gemvF32(kernel, shape, matrices, arena);
            case "gemv-i8" -> gemvI8(kernel, shape, matrices, arena);
            default ->
                throw new IllegalArgumentException(
                        "operation: '" + operation + "', expected dequantize, gemv-f32 or gemv-i8");
        };
    }

    private static Work dequantize(Kernel kernel, Shape shape, Rotation matrices, Arena arena) {
        F32Vector out =
                shape.array() ? F32Vector.of(new float[shape.weights()]) : F32Vector.allocate(arena, shape.weights());
        Check check = Check.dequantize(matrices.next());
        return of(() -> kernel.dequantize(matrices.next(), out), () -> check.verdict(out));
    }

    private static Work gemvF32(Kernel kernel, Shape shape, Rotation matrices, Arena arena) {
        F32Vector x = F32Vector.allocate(arena, shape.cols());
        F32Vector y = F32Vector.allocate(arena, shape.rows());
        SplittableRandom random = new SplittableRandom(shape.cols());
        for (int col = 0; col < shape.cols(); col++) {
            x.set(col, (float) random.nextDouble(-1, 1));
        }
        Check check = Check.gemv(matrices.next(), x);
        return of(() -> kernel.gemv(matrices.next(), x, y), () -> check.verdict(y));
    }

    private static Work gemvI8(Kernel kernel, Shape shape, Rotation matrices, Arena arena) {
        I8Vector x = I8Vector.allocate(arena, shape.cols());
        x.scale(41.7f);
        F32Vector y = F32Vector.allocate(arena, shape.rows());
        SplittableRandom random = new SplittableRandom(shape.cols());
        for (int col = 0; col < shape.cols(); col++) {
            x.segment().set(ValueLayout.JAVA_BYTE, col, (byte) random.nextInt(-128, 128));
        }
        Check check = Check.gemv(matrices.next(), x);
        return of(() -> kernel.gemv(matrices.next(), x, y), () -> check.verdict(y));
    }

    private static Work of(Runnable run, java.util.function.Supplier<String> verdict) {
        return new Work() {
            @Override
            public void run() {
                run.run();
            }

            @Override
            public String verdict() {
                return verdict.get();
            }
        };
    }
}
