package io.qk256.app.fuzz;

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
import io.qk256.spi.ScaleType;
import io.qk256.spi.parallel.ParallelKernel;
import io.qk256.testing.Fuzz;
import io.qk256.testing.Fuzz.Outcome;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.LongFunction;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Operations whose arguments fit except for one or two. An accepted call gives the right result in the requested rows and
 * writes nothing else; a refused call says why.
 */
@SuppressWarnings("NullAway") // Null is one of the arguments tried.
final class HostileOperations implements Fuzz.Case {

    /** What may be wrong with an operation. */
    private enum Spot {
        ROWS,
        COLS,
        STRIDE,
        CODES,
        CODEBOOK,
        SCALES,
        TENSOR_SCALE,
        X,
        Q_SCALE,
        BATCH,
        LIST,
        RANGE,
        RESULT,
        OVERLAP
    }

    private static final List<Operation> OPERATIONS = List.of(Operation.values());
    private static final List<Spot> SPOTS = List.of(Spot.values());

    private final List<Kernel> kernels;
    private final Hostile hostile;

    HostileOperations(Map<String, Kernel> opened, Hostile hostile) {
        this.hostile = hostile;
        kernels = new ArrayList<>(opened.values());
        opened.values().forEach(kernel -> kernels.add(ParallelKernel.withThreads(kernel, 3)));
    }

    @Override
    public Outcome run(SplittableRandom random) {
        Kernel kernel = kernels.get(random.nextInt(kernels.size()));
        List<Spot> wrong = new ArrayList<>();
        for (int i = random.nextInt(3); i > 0; i--) {
            wrong.add(SPOTS.get(random.nextInt(SPOTS.size())));
        }
        try (Arena arena = random.nextBoolean() ? Arena.ofConfined() : Arena.ofShared()) {
            Operands o;
            try {
                o = operands(random, arena, wrong);
            } catch (Exception | OutOfMemoryError e) {
                requireReason(e, wrong, "views");
                return Outcome.REFUSED;
            }
            return run(kernel, o, wrong);
        }
    }

    /** The number of result values that are checked. */
    private static final long MOST = 1 << 24;

    private static Outcome run(Kernel kernel, Operands o, List<Spot> wrong) {
        float[] before = {};
        try {
            before = o.y().slice(0, Math.min(o.y().length(), MOST)).toArray();
            o.run(kernel);
        } catch (Exception e) {
            requireReason(e, wrong, kernel + ", " + o);
            return Outcome.REFUSED;
        }
        try {
            if (o.operation() == Operation.GEMM_Q8) {
                requireDisjoint(o.y(), o.wide().codes());
                requireDisjoint(o.y(), o.wide().scales());
            } else {
                requireDisjoint(o.y(), o.w().codes());
                o.w().groupScales().ifPresent(scales -> requireDisjoint(o.y(), scales));
            }
            PlainMath.check(o, before);
            return Outcome.ACCEPTED;
        } catch (RuntimeException | AssertionError e) {
            throw new AssertionError(kernel + ", wrong: " + wrong + ", " + o, e);
        }
    }

    private static void requireDisjoint(F32Vector y, MemorySegment input) {
        if (y.segment().asOverlappingSlice(input).filter(s -> s.byteSize() > 0).isPresent()) {
            throw new AssertionError("a result over an input was accepted");
        }
    }

    /** Checks that nothing that fits is refused, and that a refusal has a readable reason. */
    private static void requireReason(Throwable e, List<Spot> wrong, String what) {
        boolean documented = e instanceof IllegalArgumentException
                || e instanceof IllegalStateException
                || e instanceof NullPointerException
                || e instanceof WrongThreadException
                || (e instanceof OutOfMemoryError && wrong.contains(Spot.BATCH));
        boolean told = e instanceof NullPointerException
                || (e.getMessage() != null && !e.getMessage().isBlank());
        boolean confinedAndSplit = e instanceof WrongThreadException;
        if (!documented || !told || (wrong.isEmpty() && !confinedAndSplit)) {
            throw new AssertionError("wrong: " + wrong + ", " + what, e);
        }
    }

    private Q8Matrix wide(RandomGenerator random, Arena arena, int rows, int cols, boolean wrong) {
        MemorySegment codes = hostile.fitting(random, arena, Q8Matrix.codesBytes(rows, cols), 1);
        MemorySegment scales = hostile.fitting(random, arena, Q8Matrix.scalesBytes(rows, cols), 2);
        boolean wrongCodes = wrong && random.nextBoolean();
        return Q8Matrix.of(
                wrongCodes ? hostile.segment(random, arena) : codes,
                wrong && !wrongCodes ? hostile.segment(random, arena) : scales,
                wrong && random.nextInt(8) == 0 ? hostile.anInt(random) : rows,
                wrong && random.nextInt(8) == 0 ? hostile.anInt(random) : cols);
    }

    private Operands operands(RandomGenerator random, Arena arena, List<Spot> wrong) {
        int rows = random.nextInt(5) == 0 ? random.nextInt(70) : random.nextInt(9);
        int cols = random.nextInt(9) == 0 ? 1 + random.nextInt(9000) : 1 + random.nextInt(700);
        Operation operation = OPERATIONS.get(random.nextInt(OPERATIONS.size()));
        boolean transposed = operation == Operation.GEMV_TRANSPOSED;
        rows = transposed ? Math.max(1, rows) : rows;
        Qk256Matrix w = transposed
                ? matrix(random, arena, cols, rows, wrong, false)
                : matrix(random, arena, rows, cols, wrong, true);
        Q8Matrix wide = wide(random, arena, rows, cols, wrong.contains(Spot.CODES));
        int fromRow = random.nextInt(rows + 1);
        int toRow = fromRow + random.nextInt(rows + 1 - fromRow);
        if (wrong.contains(Spot.RANGE)) {
            fromRow = random.nextBoolean() ? hostile.anInt(random) : fromRow;
            toRow = random.nextBoolean() ? hostile.anInt(random) : toRow;
        }
        int columns = 1 + random.nextInt(random.nextInt(4) == 0 ? 70 : 6);
        int length = cols + more(random);
        F32Vector x = vector(random, arena, length, wrong.contains(Spot.X));
        float scale = wrong.contains(Spot.Q_SCALE) ? hostile.aFloat(random) : 0.5f + random.nextInt(200);
        MemorySegment bytes = bytes(random, arena, length, wrong.contains(Spot.X));
        I8Vector q = transposed || random.nextBoolean()
                ? I8Vector.of(bytes, scale)
                : I8Vector.inGroups(
                        bytes,
                        wrong.contains(Spot.X) && random.nextBoolean()
                                ? hostile.segment(random, arena)
                                : multipliers(random, hostile.fitting(random, arena, multiplierBytes(length, 1), 2)),
                        scale);
        I8Batch batch = batch(random, arena, columns, length, wrong);
        I16Batch shorts = operation == Operation.GEMM_Q8 && random.nextBoolean()
                ? shorts(random, arena, columns, length, scale, wrong)
                : null;
        long needed = Operands.resultLength(operation, rows, cols, fromRow, toRow, columns);
        MemorySegment result;
        if (wrong.contains(Spot.RESULT) || needed < 0 || needed > 1 << 20) {
            result = hostile.segment(random, arena);
        } else if (wrong.contains(Spot.OVERLAP)) {
            MemorySegment input =
                    operation == Operation.GEMM_Q8 ? wide.codes() : random.nextBoolean() ? w.codes() : x.segment();
            long from = Math.min(input.byteSize(), 4L * random.nextInt(40));
            result = input.asSlice(from, Math.min(input.byteSize() - from, 4 * needed));
        } else {
            result = hostile.fitting(random, arena, 4 * (needed + more(random)), 4);
        }
        IndexList listed = listed(random, arena, transposed ? cols : rows);
        if (wrong.contains(Spot.LIST)) {
            listed = IndexList.allocate(arena, 2);
            listed.add(random.nextInt(9));
            listed.add(random.nextBoolean() ? hostile.anInt(random) : 9 + random.nextInt(100));
        }
        return new Operands(operation, w, wide, x, q, batch, shorts, listed, fromRow, toRow, F32Vector.of(result));
    }

    /** Some rows, all or none. */
    static IndexList listed(RandomGenerator random, Arena arena, int rows) {
        IndexList listed = IndexList.allocate(arena, rows);
        int percent = random.nextInt(5) * 25;
        for (int row = 0; row < rows; row++) {
            if (random.nextInt(100) < percent) {
                listed.add(row);
            }
        }
        return listed;
    }

    /** The number of values that a vector has beyond those needed. */
    private static int more(RandomGenerator random) {
        return random.nextInt(3) == 0 ? random.nextInt(70) : 0;
    }

    private Qk256Matrix matrix(
            RandomGenerator random, Arena arena, int rows, int cols, List<Spot> wrong, boolean scaled) {
        long stride = Qk256.rowBytes(cols) + (random.nextBoolean() ? 0 : random.nextInt(70));
        boolean sparse = random.nextInt(40) == 0 && rows > 1;
        if (sparse) {
            stride = (Hostile.HUGE - 64) / (rows - 1) - Qk256.rowBytes(cols);
        }
        stride = wrong.contains(Spot.STRIDE) ? hostile.aLong(random) : stride;
        long needed = Math.max(0, (rows - 1) * stride + Qk256.rowBytes(cols));
        MemorySegment codes = sparse || needed > 1 << 22
                ? hostile.sparse().asReadOnly()
                : hostile.fitting(random, arena, needed + random.nextInt(3), 1);
        if (wrong.contains(Spot.CODES)) {
            codes = hostile.segment(random, arena);
        }
        Qk256Matrix w = Qk256Matrix.of(
                        codes,
                        wrong.contains(Spot.ROWS) ? hostile.anInt(random) : rows,
                        wrong.contains(Spot.COLS) ? hostile.anInt(random) : cols,
                        codebook(random, wrong.contains(Spot.CODEBOOK)))
                .withRowStride(stride);
        if (random.nextBoolean() && (scaled || wrong.contains(Spot.SCALES))) {
            int group = 64 << random.nextInt(wrong.contains(Spot.SCALES) ? 5 : 3);
            ScaleType type = random.nextBoolean() ? ScaleType.F32 : ScaleType.F16;
            long bytes = (long) rows * Math.ceilDiv(cols, group) * type.bytes();
            w = w.withGroupScales(
                    wrong.contains(Spot.SCALES)
                            ? hostile.segment(random, arena)
                            : scales(random, hostile.fitting(random, arena, bytes, type.bytes()), type),
                    group,
                    type);
        }
        if (random.nextBoolean()) {
            w = w.withTensorScale(
                    wrong.contains(Spot.TENSOR_SCALE) ? hostile.aFloat(random) : random.nextFloat() * 4 - 2);
        }
        return w;
    }

    private @Nullable Codebook codebook(RandomGenerator random, boolean wrong) {
        if (wrong) {
            return random.nextBoolean()
                    ? null
                    : new Codebook(
                            hostile.aFloat(random),
                            hostile.aFloat(random),
                            hostile.aFloat(random),
                            hostile.aFloat(random));
        }
        return switch (random.nextInt(3)) {
            case 0 -> Codebook.QK256;
            case 1 -> Codebook.TERNARY;
            default -> new Codebook(random.nextInt(128) - 64, -1, 63, -64);
        };
    }

    private F32Vector vector(RandomGenerator random, Arena arena, int length, boolean wrong) {
        return F32Vector.of(
                wrong
                        ? hostile.segment(random, arena)
                        : numbers(random, hostile.fitting(random, arena, 4L * length, 4)));
    }

    private MemorySegment bytes(RandomGenerator random, Arena arena, int length, boolean wrong) {
        MemorySegment bytes = wrong ? hostile.segment(random, arena) : hostile.fitting(random, arena, length, 1);
        return Optional.ofNullable(bytes).orElse(MemorySegment.NULL);
    }

    private I8Batch batch(RandomGenerator random, Arena arena, int columns, int length, List<Spot> wrong) {
        MemorySegment memory = hostile.fitting(random, arena, (long) columns * length, 1);
        if (!wrong.contains(Spot.BATCH)) {
            return batch(random, memory, bytes -> hostile.fitting(random, arena, bytes, 2), columns, length);
        }
        return switch (random.nextInt(3)) {
            case 0 -> I8Batch.of(memory, hostile.anInt(random), length);
            case 1 -> I8Batch.of(memory, columns, hostile.aLong(random));
            default -> I8Batch.of(hostile.segment(random, arena), hostile.anInt(random), hostile.aLong(random));
        };
    }

    private I16Batch shorts(
            RandomGenerator random, Arena arena, int columns, int length, float scale, List<Spot> wrong) {
        MemorySegment memory = hostile.fitting(random, arena, 2L * columns * length, 2);
        I16Batch shorts;
        if (wrong.contains(Spot.X)) {
            shorts = I16Batch.of(hostile.segment(random, arena), columns, length);
        } else if (wrong.contains(Spot.BATCH)) {
            shorts = I16Batch.of(
                    memory,
                    random.nextBoolean() ? hostile.anInt(random) : columns,
                    random.nextBoolean() ? hostile.aLong(random) : length);
        } else {
            shorts = I16Batch.of(memory, columns, length);
        }
        shorts.scale(random.nextInt(shorts.columns()), scale);
        return shorts;
    }

    /** A batch, every other one quantized in groups. */
    static I8Batch batch(
            RandomGenerator random, MemorySegment values, LongFunction<MemorySegment> memory, int columns, int length) {
        if (random.nextBoolean()) {
            return I8Batch.of(values, columns, length);
        }
        MemorySegment multipliers = memory.apply(multiplierBytes(length, columns));
        return I8Batch.inGroups(values, multipliers(random, multipliers), columns, length);
    }

    static long multiplierBytes(int length, int columns) {
        return (long) columns * Math.ceilDiv(length, I8Vector.GROUP) * Short.BYTES;
    }

    static MemorySegment multipliers(RandomGenerator random, MemorySegment shorts) {
        for (long i = 0; i < shorts.byteSize() / Short.BYTES; i++) {
            shorts.setAtIndex(ValueLayout.JAVA_SHORT, i, (short) random.nextInt(1 << 15));
        }
        return shorts;
    }

    /** Random scales of a type. */
    static MemorySegment scales(RandomGenerator random, MemorySegment memory, ScaleType type) {
        if (type == ScaleType.F32) {
            return numbers(random, memory);
        }
        for (long i = 0; i < memory.byteSize() / Short.BYTES; i++) {
            short any = (short) random.nextInt(1 << 16);
            boolean special = random.nextInt(64) == 0;
            short usual = Float.floatToFloat16(random.nextFloat() * 20 - 10);
            memory.setAtIndex(ValueLayout.JAVA_SHORT, i, special ? any : usual);
        }
        return memory;
    }

    /** Numbers of ordinary size, occasionally a special one. */
    static MemorySegment numbers(RandomGenerator random, MemorySegment floats) {
        F32Vector values = F32Vector.of(floats);
        for (long i = 0; i < values.length(); i++) {
            values.set(i, random.nextFloat() * 20 - 10);
        }
        if (values.length() > 0 && random.nextInt(8) == 0) {
            float[] special = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, -0f, Float.MIN_VALUE};
            values.set(random.nextInt((int) values.length()), special[random.nextInt(special.length)]);
        }
        return floats;
    }
}
