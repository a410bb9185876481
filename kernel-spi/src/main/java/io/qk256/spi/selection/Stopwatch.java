package io.qk256.spi.selection;

import io.qk256.spi.Codebook;
import io.qk256.spi.F32Vector;
import io.qk256.spi.I16Batch;
import io.qk256.spi.I8Batch;
import io.qk256.spi.I8Vector;
import io.qk256.spi.IndexList;
import io.qk256.spi.Kernel;
import io.qk256.spi.Operation;
import io.qk256.spi.Q8Matrix;
import io.qk256.spi.Qk256;
import io.qk256.spi.Qk256Matrix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;

/**
 * Measures kernels in turns on one thread, with a matrix off the heap that fits in the caches and has the form that
 * models use (no block scales). A result is doubtful if it differs from one set of rounds to the next, or was measured
 * while this process waited for processors.
 */
final class Stopwatch {

    private static final int ROWS = 16;
    private static final int COLS = 4096;
    private static final int COLUMNS = 8;
    private static final long WEIGHTS = (long) ROWS * COLS;

    private static final short HALF = Float.floatToFloat16(0.5f);

    /** Rounds per set; two consecutive sets must agree. */
    private static final int ROUNDS = 5;

    private static final long TURN_NANOS = 1_000_000;

    /**
     * The JIT compiler runs in the background, and vector code is slow before; a lane is warm after this many calls or
     * this long.
     */
    private static final int WARM_CALLS = 300;

    private static final long WARM_NANOS = 700_000_000;
    private static final long MAX_NANOS = 4_000_000_000L;

    /** The largest relative difference between the medians of two sets, and between the quartiles of their rounds. */
    private static final double AGREEMENT = 0.15;

    /**
     * The largest share of the time that threads of this process, including the compiler's, may wait for a
     * processor.
     */
    private static final double BUSY = 0.1;

    private final Ticks ticks;
    private final Qk256Matrix w;
    private final Q8Matrix wide;
    private final F32Vector x;
    private final I8Vector q;
    private final I8Batch columns;
    private final I16Batch shorts;
    private final F32Vector decoded;
    private final F32Vector y;
    private final F32Vector batchY;
    private final F32Vector transposedY;
    private final IndexList listed;

    private Stopwatch(Arena arena, Ticks ticks) {
        this.ticks = ticks;
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
        wide = Q8Matrix.allocate(arena, ROWS, COLS);
        for (long i = 0; i < wide.codes().byteSize(); i++) {
            wide.codes().set(ValueLayout.JAVA_BYTE, i, codes[(int) (i % codes.length)]);
        }
        for (long i = 0; i < wide.scales().byteSize(); i += Short.BYTES) {
            wide.scales().set(ValueLayout.JAVA_SHORT, i, HALF);
        }
        columns = I8Batch.of(arena.allocate(values.length, 64).copyFrom(MemorySegment.ofArray(values)), COLUMNS, COLS);
        for (int i = 0; i < COLUMNS; i++) {
            columns.column(i).scale(1);
        }
        shorts = I16Batch.allocate(arena, COLUMNS, COLS);
        for (int i = 0; i < values.length; i++) {
            shorts.segment().setAtIndex(ValueLayout.JAVA_SHORT, i, (short) random.nextInt());
        }
        q = columns.column(0);
        x = floats(arena, COLS);
        for (int c = 0; c < COLS; c++) {
            x.set(c, random.nextFloat() - 0.5f);
        }
        decoded = floats(arena, ROWS * COLS);
        y = floats(arena, ROWS);
        batchY = floats(arena, ROWS * COLUMNS);
        transposedY = floats(arena, COLS);
        listed = IndexList.allocate(arena, ROWS);
        for (int row = 0; row < ROWS; row++) {
            listed.add(row);
        }
    }

    private static F32Vector floats(Arena arena, int length) {
        return F32Vector.of(arena.allocate((long) length * Float.BYTES, 64));
    }

    /**
     * The result of a measurement.
     *
     * @param speeds the speeds; a kernel that failed at an operation is missing there
     * @param doubt why they are not reliable
     */
    record Result(Map<Operation, Map<String, Speed>> speeds, Optional<String> doubt) {}

    /** Measures the kernels. */
    static Result measure(Map<String, Kernel> kernels, Ticks ticks) {
        try (Arena arena = Arena.ofConfined()) {
            Stopwatch stopwatch = new Stopwatch(arena, ticks);
            List<Lane> lanes = new ArrayList<>();
            for (Operation operation : Operation.values()) {
                kernels.forEach((name, kernel) ->
                        lanes.add(new Lane(name, operation, stopwatch.call(kernel, operation), ticks)));
            }
            long end = ticks.nanos() + MAX_NANOS;
            stopwatch.warmUp(lanes, end);
            stopwatch.takeTurns(lanes);
            Optional<String> doubt;
            do {
                lanes.forEach(Lane::nextSet);
                doubt = stopwatch
                        .takeTurns(lanes)
                        .or(() -> lanes.stream()
                                .flatMap(lane -> lane.doubt().stream())
                                .findFirst());
            } while (doubt.isPresent() && ticks.nanos() < end);
            return new Result(speeds(lanes), doubt);
        }
    }

    private static Map<Operation, Map<String, Speed>> speeds(List<Lane> lanes) {
        Map<Operation, Map<String, Speed>> speeds = new EnumMap<>(Operation.class);
        for (Lane lane : lanes) {
            Map<String, Speed> ofOperation = speeds.computeIfAbsent(lane.operation, o -> new HashMap<>());
            if (!lane.failed) {
                ofOperation.put(lane.name, lane.speed());
            }
        }
        return speeds;
    }

    /** Calls only the cold lanes: others would take time from the compiler. */
    private void warmUp(List<Lane> lanes, long end) {
        List<Lane> cold = new ArrayList<>(lanes);
        while (!cold.isEmpty() && ticks.nanos() < end) {
            cold.forEach(Lane::turn);
            cold.removeIf(Lane::isWarm);
        }
    }

    /** Runs one set of rounds; returns a doubt if the machine was busy with other things. */
    private Optional<String> takeTurns(List<Lane> lanes) {
        long start = ticks.nanos();
        long waited = ticks.waitedNanos();
        for (int round = 0; round < ROUNDS; round++) {
            for (Lane lane : lanes) {
                lane.later[round] = lane.turn();
            }
        }
        double part = (double) (ticks.waitedNanos() - waited) / Math.max(1, ticks.nanos() - start);
        return part > BUSY
                ? Optional.of(String.format(
                        Locale.ROOT,
                        "the machine is busy, and for %.0f %% of the time this process waited for a processor;"
                                + " try again when nothing else runs",
                        Math.min(part, 1) * 100))
                : Optional.empty();
    }

    private Runnable call(Kernel kernel, Operation operation) {
        return switch (operation) {
            case DEQUANTIZE -> () -> kernel.dequantize(w, decoded);
            case GEMV_F32 -> () -> kernel.gemv(w, x, y);
            case GEMV_I8 -> () -> kernel.gemv(w, q, y);
            case GEMM_I8 -> () -> kernel.gemm(w, columns, batchY);
            case GEMM_Q8 -> () -> kernel.gemm(wide, shorts, batchY); // The form that engines use.
            case GEMV_LISTED -> () -> kernel.gemvListed(w, q, listed, y);
            case GEMV_TRANSPOSED -> () -> kernel.gemvTransposed(w, q, listed, transposedY);
        };
    }

    /** One kernel at one operation. */
    private static final class Lane {

        private final String name;
        private final Operation operation;
        private final Runnable call;
        private final Ticks ticks;
        private final double[] earlier = new double[ROUNDS];
        private final double[] later = new double[ROUNDS];
        private long allCalls;
        private long allNanos;
        private boolean failed;

        Lane(String name, Operation operation, Runnable call, Ticks ticks) {
            this.name = name;
            this.operation = operation;
            this.call = call;
            this.ticks = ticks;
        }

        boolean isWarm() {
            return failed || allCalls >= WARM_CALLS || allNanos >= WARM_NANOS;
        }

        /** Returns weights per second. */
        double turn() {
            if (failed) {
                return 0;
            }
            long calls = 0;
            long start = ticks.nanos();
            long taken = 0;
            try {
                while (taken < TURN_NANOS) {
                    call.run();
                    calls++;
                    taken = ticks.nanos() - start;
                }
            } catch (Throwable e) { // Foreign code: the kernel loses this operation and nothing else.
                failed = true;
                return 0;
            }
            allCalls += calls;
            allNanos += taken;
            return calls
                    * WEIGHTS
                    * (operation == Operation.GEMM_I8 || operation == Operation.GEMM_Q8 ? COLUMNS : 1)
                    * 1e9
                    / taken;
        }

        /** Makes the later set the earlier one. */
        void nextSet() {
            System.arraycopy(later, 0, earlier, 0, ROUNDS);
        }

        Speed speed() {
            double[] all = Arrays.copyOf(earlier, 2 * ROUNDS);
            System.arraycopy(later, 0, all, ROUNDS, ROUNDS);
            Arrays.sort(all);
            double median = median(all);
            return new Speed(median, (all[all.length * 3 / 4] - all[all.length / 4]) / 2 / median);
        }

        /** Two measurements of the same thing must agree. */
        Optional<String> doubt() {
            if (failed) {
                return Optional.empty();
            }
            double before = median(earlier);
            double after = median(later);
            if (Math.abs(after - before) > AGREEMENT * Math.min(before, after)) {
                return Optional.of(String.format(
                        Locale.ROOT,
                        "%s at %s gave %.3g and %.3g G weights/s one after the other; try again when nothing else runs",
                        name,
                        operation.label(),
                        before / 1e9,
                        after / 1e9));
            }
            double noise = speed().noise();
            return noise > AGREEMENT
                    ? Optional.of(String.format(
                            Locale.ROOT,
                            "%s at %s varied by %.0f %% from round to round; try again when nothing else runs",
                            name,
                            operation.label(),
                            noise * 100))
                    : Optional.empty();
        }

        private static double median(double[] values) {
            double[] sorted = values.clone();
            Arrays.sort(sorted);
            return sorted[sorted.length / 2];
        }
    }
}
