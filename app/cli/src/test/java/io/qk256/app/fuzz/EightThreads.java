package io.qk256.app.fuzz;

import io.qk256.spi.Codebook;
import io.qk256.spi.F32Vector;
import io.qk256.spi.I16Batch;
import io.qk256.spi.I8Batch;
import io.qk256.spi.I8Vector;
import io.qk256.spi.Kernel;
import io.qk256.spi.Operation;
import io.qk256.spi.Q8Matrix;
import io.qk256.spi.Qk256;
import io.qk256.spi.Qk256Matrix;
import io.qk256.spi.ScaleType;
import io.qk256.spi.parallel.ParallelKernel;
import io.qk256.testing.Fuzz;
import io.qk256.testing.Fuzz.Outcome;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.random.RandomGenerator;

/**
 * Eight threads, each with its own problems, on shared kernels, directly and through parallel kernels: each result has the
 * bits of the scalar kernel or, for f32, lies within the bound.
 */
final class EightThreads implements Fuzz.Case {

    private static final int THREADS = 8;
    private static final int PROBLEMS = 2;
    private static final List<Operation> OPERATIONS = List.of(Operation.values());

    private final Kernel scalar;
    private final List<Kernel> kernels;
    private final Hostile memory;
    private final ExecutorService threads = Executors.newFixedThreadPool(THREADS);

    EightThreads(Map<String, Kernel> opened, Hostile memory) {
        this.memory = memory;
        this.scalar = Objects.requireNonNull(opened.get("scalar"));
        this.kernels = new ArrayList<>(opened.values());
        ExecutorService borrowed = Executors.newFixedThreadPool(2);
        for (Kernel kernel : opened.values()) {
            kernels.add(ParallelKernel.withThreads(kernel, 3));
            kernels.add(ParallelKernel.over(kernel, borrowed, 3));
        }
    }

    @Override
    public Outcome run(SplittableRandom random) throws Exception {
        List<Future<Boolean>> tasks = new ArrayList<>();
        for (int i = 0; i < THREADS; i++) {
            RandomGenerator own = random.split();
            tasks.add(threads.submit(() -> {
                boolean accepted = true;
                for (int problem = 0; problem < PROBLEMS; problem++) {
                    accepted &= one(own);
                }
                return accepted;
            }));
        }
        boolean accepted = true;
        for (Future<Boolean> task : tasks) {
            try {
                accepted &= task.get();
            } catch (ExecutionException e) {
                throw new AssertionError(e.getCause());
            }
        }
        return accepted ? Outcome.ACCEPTED : Outcome.REFUSED;
    }

    /** Whether the problem can be computed; if not, every kernel refuses it. */
    private boolean one(RandomGenerator random) {
        try (Arena arena = Arena.ofShared()) {
            Operands o = operands(random, arena);
            Kernel kernel = kernels.get(random.nextInt(kernels.size()));
            float[] before = o.y().toArray();
            F32Vector expected = F32Vector.of(before.clone());
            try {
                if (refuses(kernel, o, o.y())) {
                    if (!refuses(scalar, o, expected)) {
                        throw new AssertionError("refused, but not by the scalar kernel");
                    }
                    return false;
                }
                o.runInto(scalar, expected);
                compare(o, before, expected.toArray());
                return true;
            } catch (RuntimeException | AssertionError e) {
                throw new AssertionError(kernel + ", " + o, e);
            }
        }
    }

    private static boolean refuses(Kernel kernel, Operands o, F32Vector result) {
        try {
            o.runInto(kernel, result);
            return false;
        } catch (IllegalArgumentException e) {
            return true;
        }
    }

    private static void compare(Operands o, float[] before, float[] expected) {
        if (o.operation() == Operation.GEMV_F32) {
            PlainMath.check(o, before);
            return;
        }
        float[] seen = o.y().toArray();
        for (int i = 0; i < seen.length; i++) {
            if (!PlainMath.same(seen[i], expected[i])) {
                throw new AssertionError("result[" + i + "]: " + seen[i] + ", the scalar kernel gives " + expected[i]);
            }
        }
    }

    private Operands operands(RandomGenerator random, Arena arena) {
        int cols = switch (random.nextInt(8)) {
            case 0 -> 1 + random.nextInt(70_000);
            case 1 -> 256 * (1 + random.nextInt(30)) + random.nextInt(5) - 2;
            default -> 1 + random.nextInt(3000);
        };
        int rows = Math.min(1 + random.nextInt(random.nextInt(8) == 0 ? 3000 : 90), 1 + 150_000 / cols);
        Operation operation = OPERATIONS.get(random.nextInt(OPERATIONS.size()));
        int fromRow = random.nextInt(rows);
        int toRow = fromRow + 1 + random.nextInt(rows - fromRow);
        if (random.nextBoolean()) {
            fromRow = 0;
            toRow = rows;
        }
        int columns = 1 + random.nextInt(cols < 3000 && random.nextInt(6) == 0 ? 66 : 9);
        I8Batch batch = HostileOperations.batch(
                random,
                memory.fitting(random, arena, (long) columns * cols, 1),
                bytes -> memory.fitting(random, arena, bytes, 2),
                columns,
                cols);
        for (int i = 0; i < columns; i++) {
            batch.column(i).scale(0.5f + random.nextInt(100));
        }
        I16Batch shorts = null;
        if (operation == Operation.GEMM_Q8 && random.nextBoolean()) {
            shorts = I16Batch.of(input(random, memory.fitting(random, arena, 2L * columns * cols, 2)), columns, cols);
            shorts.scale(random.nextInt(columns), 0.5f + random.nextInt(100));
        }
        long length = Operands.resultLength(operation, rows, cols, fromRow, toRow, columns);
        return new Operands(
                operation,
                operation == Operation.GEMV_TRANSPOSED
                        ? matrix(random, arena, cols, rows)
                        : matrix(random, arena, rows, cols),
                Q8Matrix.of(
                        input(random, memory.fitting(random, arena, Q8Matrix.codesBytes(rows, cols), 1)),
                        input(random, memory.fitting(random, arena, Q8Matrix.scalesBytes(rows, cols), 2)),
                        rows,
                        cols),
                F32Vector.of(
                        input(random, HostileOperations.numbers(random, memory.fitting(random, arena, 4L * cols, 4)))),
                I8Vector.of(input(random, memory.fitting(random, arena, cols, 1)), 0.5f + random.nextInt(100)),
                batch,
                shorts,
                HostileOperations.listed(random, arena, operation == Operation.GEMV_TRANSPOSED ? cols : rows),
                fromRow,
                toRow,
                F32Vector.of(memory.fitting(random, arena, 4 * length, 4)));
    }

    private Qk256Matrix matrix(RandomGenerator random, Arena arena, int rows, int cols) {
        long stride = Qk256.rowBytes(cols) + (random.nextBoolean() ? 0 : random.nextInt(100));
        Codebook codebook = switch (random.nextInt(20)) {
            case 0, 1, 2, 3, 4 -> Codebook.QK256;
            case 5 -> new Codebook(-0.7f, 0.1f, 3.3f, 1e-3f); // for f32 GEMV only
            case 6, 7, 8 -> new Codebook(-3, 1, 5, 7);
            case 9, 10, 11 -> new Codebook(random.nextInt(9), -2, random.nextInt(9), 0);
            default -> Codebook.TERNARY;
        };
        Qk256Matrix w = Qk256Matrix.of(
                        input(random, memory.fitting(random, arena, rows * stride, 1)), rows, cols, codebook)
                .withRowStride(stride);
        if (random.nextBoolean()) {
            int group = 64 << random.nextInt(3);
            ScaleType type = random.nextBoolean() ? ScaleType.F32 : ScaleType.F16;
            long bytes = (long) rows * Math.ceilDiv(cols, group) * type.bytes();
            MemorySegment scales = memory.fitting(random, arena, bytes, type.bytes());
            w = w.withGroupScales(input(random, HostileOperations.scales(random, scales, type)), group, type);
        }
        return random.nextBoolean() ? w : w.withTensorScale(random.nextFloat() * 4 - 2);
    }

    private static MemorySegment input(RandomGenerator random, MemorySegment memory) {
        return random.nextBoolean() ? memory : memory.asReadOnly();
    }
}
