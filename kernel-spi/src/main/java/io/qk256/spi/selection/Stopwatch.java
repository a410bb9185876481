package io.qk256.spi.selection;

import io.qk256.spi.Codebook;
import io.qk256.spi.F32Vector;
import io.qk256.spi.I8Matrix;
import io.qk256.spi.I8Vector;
import io.qk256.spi.Kernel;
import io.qk256.spi.Qk256;
import io.qk256.spi.Qk256Matrix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.LongSupplier;

/**
 * Measures kernels side by side, in turns, on one thread: a matrix that fits in the caches, off the heap, of the form that
 * models have (no block scales).
 */
final class Stopwatch {

    private static final int ROWS = 16;
    private static final int COLS = 4096;
    private static final int COLUMNS = 8;
    private static final long WEIGHTS = (long) ROWS * COLS;

    /** What counts is the last rounds, once no lane got faster in any of them. */
    private static final int ROUNDS = 9;

    private static final double FASTER = 1.1;
    private static final long TURN_NANOS = 1_000_000;

    /** The compiler works in the background, and vector code is slow until it has; a lane is warm after so many calls or so long. */
    private static final int WARM_CALLS = 300;

    private static final long WARM_NANOS = 700_000_000;
    private static final long MAX_NANOS = 4_000_000_000L;

    private final LongSupplier nanoTime;
    private final Qk256Matrix w;
    private final F32Vector x;
    private final I8Vector q;
    private final I8Matrix columns;
    private final F32Vector decoded;
    private final F32Vector y;
    private final F32Vector batchY;

    private Stopwatch(LongSupplier nanoTime, Arena arena) {
        this.nanoTime = nanoTime;
        Random random = new Random(1);
        byte[] codes = new byte[Math.toIntExact(ROWS * Qk256.rowBytes(COLS))];
        random.nextBytes(codes);
        byte[] values = new byte[COLUMNS * COLS];
        random.nextBytes(values);
        for (int i = 0; i < values.length; i++) {
            values[i] = (byte) Math.max(values[i], -Byte.MAX_VALUE);
        }
        w = Qk256Matrix.of(
                        arena.allocate(codes.length, 64).copyFrom(MemorySegment.ofArray(codes)),
                        ROWS,
                        COLS,
                        Codebook.TERNARY)
                .withTensorScale(0.5f);
        columns = I8Matrix.of(arena.allocate(values.length, 64).copyFrom(MemorySegment.ofArray(values)), COLUMNS, COLS);
        for (int i = 0; i < COLUMNS; i++) {
            columns.column(i).scale(1);
        }
        q = columns.column(0);
        x = floats(arena, COLS);
        for (int c = 0; c < COLS; c++) {
            x.set(c, random.nextFloat() - 0.5f);
        }
        decoded = floats(arena, ROWS * COLS);
        y = floats(arena, ROWS);
        batchY = floats(arena, ROWS * COLUMNS);
    }

    private static F32Vector floats(Arena arena, int length) {
        return F32Vector.of(arena.allocate((long) length * Float.BYTES, 64));
    }

    /**
     * Measures; a kernel that fails at an operation gets no speed there.
     *
     * @param nanoTime the clock, {@code System::nanoTime} or one of a test
     */
    static Map<Operation, Map<String, Speed>> measure(Map<String, Kernel> kernels, LongSupplier nanoTime) {
        try (Arena arena = Arena.ofConfined()) {
            Stopwatch stopwatch = new Stopwatch(nanoTime, arena);
            List<Lane> lanes = new ArrayList<>();
            for (Operation operation : Operation.values()) {
                kernels.forEach((name, kernel) ->
                        lanes.add(stopwatch.new Lane(name, operation, stopwatch.call(kernel, operation))));
            }
            long end = nanoTime.getAsLong() + MAX_NANOS;
            stopwatch.warmUp(lanes, end);
            stopwatch.takeTurns(lanes, end);
            Map<Operation, Map<String, Speed>> speeds = new EnumMap<>(Operation.class);
            for (Lane lane : lanes) {
                Map<String, Speed> ofOperation = speeds.computeIfAbsent(lane.operation, o -> new HashMap<>());
                if (!lane.failed) {
                    ofOperation.put(lane.name, lane.speed());
                }
            }
            return speeds;
        }
    }

    /** Only the cold ones: whoever else ran would take time from the compiler. */
    private void warmUp(List<Lane> lanes, long end) {
        List<Lane> cold = new ArrayList<>(lanes);
        while (!cold.isEmpty() && nanoTime.getAsLong() < end) {
            cold.forEach(Lane::turn);
            cold.removeIf(Lane::isWarm);
        }
    }

    private void takeTurns(List<Lane> lanes, long end) {
        int steady = 0;
        for (int round = 0; round < ROUNDS || (steady < ROUNDS && nanoTime.getAsLong() < end); round++) {
            steady++;
            for (Lane lane : lanes) {
                double now = lane.turn();
                if (now > lane.best * FASTER) {
                    steady = 0;
                }
                lane.best = Math.max(lane.best, now);
                lane.perSecond[round % ROUNDS] = now;
            }
        }
    }

    private Runnable call(Kernel kernel, Operation operation) {
        return switch (operation) {
            case DEQUANTIZE -> () -> kernel.dequantize(w, decoded);
            case GEMV_F32 -> () -> kernel.gemv(w, x, y);
            case GEMV_I8 -> () -> kernel.gemv(w, q, y);
            case GEMM -> () -> kernel.gemm(w, columns, batchY);
        };
    }

    /** One kernel at one operation. */
    private final class Lane {

        private final String name;
        private final Operation operation;
        private final Runnable call;
        private final double[] perSecond = new double[ROUNDS];
        private double best;
        private long allCalls;
        private long allNanos;
        private boolean failed;

        Lane(String name, Operation operation, Runnable call) {
            this.name = name;
            this.operation = operation;
            this.call = call;
        }

        boolean isWarm() {
            return failed || allCalls >= WARM_CALLS || allNanos >= WARM_NANOS;
        }

        /** Weights per second. */
        double turn() {
            if (failed) {
                return 0;
            }
            long calls = 0;
            long start = nanoTime.getAsLong();
            long taken = 0;
            try {
                while (taken < TURN_NANOS) {
                    call.run();
                    calls++;
                    taken = nanoTime.getAsLong() - start;
                }
            } catch (Throwable e) { // Code of strangers: it costs it this operation and nothing else.
                failed = true;
                return 0;
            }
            allCalls += calls;
            allNanos += taken;
            return calls * WEIGHTS * (operation == Operation.GEMM ? COLUMNS : 1) * 1e9 / taken;
        }

        Speed speed() {
            double[] sorted = perSecond.clone();
            Arrays.sort(sorted);
            double median = sorted[ROUNDS / 2];
            return new Speed(median, (sorted[ROUNDS * 3 / 4] - sorted[ROUNDS / 4]) / 2 / median);
        }
    }
}
