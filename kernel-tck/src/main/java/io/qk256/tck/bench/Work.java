package io.qk256.tck.bench;

import io.qk256.spi.F32Vector;
import io.qk256.spi.I16Batch;
import io.qk256.spi.I8Batch;
import io.qk256.spi.I8Vector;
import io.qk256.spi.Kernel;
import io.qk256.spi.Q8Matrix;
import io.qk256.spi.Qk256Matrix;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import java.util.function.Supplier;

/**
 * One measured call, and the check of its result. For one thread.
 *
 * @param call the timed call
 * @param verdict how exact the result of the last call is
 */
record Work(Call call, Supplier<String> verdict) {

    /** Calls the kernel directly, because a {@link Floor} is just as few calls away from its benchmark. */
    interface Call {

        /** One call of the kernel. */
        void run();
    }

    /** Creates the work of a kernel's operation. */
    static Work of(BenchMatrices weights, Kernel kernel) {
        Shape shape = Shape.parse(weights.shape);
        Arena arena = weights.arena();
        return switch (weights.operation) {
            case "dequantize" -> dequantize(kernel, shape, weights.rotation(), arena);
            case "gemv-f32" -> gemvF32(kernel, shape, weights.rotation(), arena);
            case "gemv-i8", "gemm-i8" -> int8Product(kernel, shape, weights.columns, weights.rotation(), arena);
            case "gemm-q8" ->
                shape.shorts()
                        ? wideProductOfShorts(kernel, shape, weights.columns, weights.wideRotation(), arena)
                        : wideProduct(kernel, shape, weights.columns, weights.wideRotation(), arena);
            default ->
                throw new IllegalArgumentException("operation: '" + weights.operation
                        + "', expected dequantize, gemv-f32, gemv-i8, gemm-i8 or gemm-q8");
        };
    }

    private static Work dequantize(Kernel kernel, Shape shape, Rotation<Qk256Matrix> matrices, Arena arena) {
        F32Vector out =
                shape.array() ? F32Vector.of(new float[shape.weights()]) : F32Vector.allocate(arena, shape.weights());
        Check check = Check.dequantize(matrices.next());
        return new Work(() -> kernel.dequantize(matrices.next(), out), () -> check.verdict(out));
    }

    private static Work gemvF32(Kernel kernel, Shape shape, Rotation<Qk256Matrix> matrices, Arena arena) {
        F32Vector x = F32Vector.allocate(arena, shape.cols());
        F32Vector y = F32Vector.allocate(arena, shape.rows());
        SplittableRandom random = new SplittableRandom(shape.cols());
        for (int col = 0; col < shape.cols(); col++) {
            x.set(col, (float) random.nextDouble(-1, 1));
        }
        Check check = Check.gemv(matrices.next(), x);
        return new Work(() -> kernel.gemv(matrices.next(), x, y), () -> check.verdict(y));
    }

    private static Work int8Product(
            Kernel kernel, Shape shape, int columns, Rotation<Qk256Matrix> matrices, Arena arena) {
        I8Batch x = batch(shape, columns, arena);
        F32Vector y = F32Vector.allocate(arena, (long) columns * shape.rows());
        Check check = Check.gemm(matrices.next(), x);
        I8Vector only = x.column(0);
        return new Work(
                columns == 1 ? () -> kernel.gemv(matrices.next(), only, y) : () -> kernel.gemm(matrices.next(), x, y),
                () -> check.verdict(y));
    }

    private static Work wideProduct(Kernel kernel, Shape shape, int columns, Rotation<Q8Matrix> matrices, Arena arena) {
        I8Batch x = batch(shape, columns, arena);
        F32Vector y = F32Vector.allocate(arena, (long) columns * shape.rows());
        Check check = Check.gemm(matrices.next(), x);
        return new Work(() -> kernel.gemm(matrices.next(), x, y), () -> check.verdict(y));
    }

    private static Work wideProductOfShorts(
            Kernel kernel, Shape shape, int columns, Rotation<Q8Matrix> matrices, Arena arena) {
        I16Batch x = I16Batch.allocate(arena, columns, shape.cols());
        SplittableRandom random = new SplittableRandom(shape.cols());
        for (int column = 0; column < columns; column++) {
            x.scale(column, 41.7f + column);
        }
        for (long i = 0; i < x.segment().byteSize(); i += Short.BYTES) {
            x.segment().set(ValueLayout.JAVA_SHORT, i, (short) random.nextInt());
        }
        F32Vector y = F32Vector.allocate(arena, (long) columns * shape.rows());
        Check check = Check.gemm(matrices.next(), x);
        return new Work(() -> kernel.gemm(matrices.next(), x, y), () -> check.verdict(y));
    }

    private static I8Batch batch(Shape shape, int columns, Arena arena) {
        I8Batch x = shape.group() == 0
                ? I8Batch.allocate(arena, columns, shape.cols())
                : I8Batch.allocateInGroups(arena, columns, shape.cols());
        SplittableRandom random = new SplittableRandom(shape.cols());
        for (int column = 0; column < columns; column++) {
            x.column(column).scale(41.7f + column);
        }
        for (long i = 0; i < x.segment().byteSize(); i++) {
            // As quantization gives them: never -128.
            x.segment().set(ValueLayout.JAVA_BYTE, i, (byte) random.nextInt(-127, 128));
        }
        x.multipliers().ifPresent(all -> {
            for (long i = 0; i < all.byteSize(); i += Short.BYTES) {
                all.set(ValueLayout.JAVA_SHORT, i, (short) random.nextInt(1, 1 << 15));
            }
        });
        return x;
    }
}
