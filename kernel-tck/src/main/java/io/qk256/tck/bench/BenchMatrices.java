package io.qk256.tck.bench;

import io.qk256.spi.Codebook;
import io.qk256.spi.Q8Matrix;
import io.qk256.spi.Qk256Matrix;
import io.qk256.spi.ScaleType;
import io.qk256.spi.memory.HugePages;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * The matrices of one run, off the heap. Warm: the same matrix again and again. Cold: more than 1 GiB of matrices in
 * turn, so that every byte comes from memory, as it does when a model decodes.
 */
@State(Scope.Benchmark)
public class BenchMatrices {

    private static final long COLD_BYTES = 1100L << 20;

    private static final long SEED = 20_261_122;

    /** Not a power of two, so that a missing or misplaced rounding shows. */
    private static final float SCALE = 0.0371f;

    /** The operation's name. */
    @Param("dequantize")
    public String operation = "";

    /** The {@link Shape}. */
    @Param("1024")
    public String shape = "";

    /** Activation vectors that one call multiplies. */
    @Param("1")
    public int columns;

    /** {@code warm} or {@code cold}. */
    @Param("warm")
    public String mode = "";

    /** Number of threads that share the rows of one matrix. */
    @Param("1")
    public int threads;

    private final Arena arena = Arena.ofShared();
    private final List<Qk256Matrix> matrices = new ArrayList<>();
    private final List<Q8Matrix> wide = new ArrayList<>();
    private final List<MemorySegment> memory = new ArrayList<>();

    /** For JMH. */
    public BenchMatrices() {}

    /** Fills the matrices. */
    @Setup
    public void setUp() {
        Shape parsed = Shape.parse(shape);
        long bytes = parsed.bytes();
        long codeBytes = parsed.codeBytes();
        long count = cold() ? COLD_BYTES / bytes + 1 : 1;
        MemorySegment all = HugePages.allocate(arena, count * bytes);
        MemorySegment first = all.asSlice(0, bytes);
        SplittableRandom random = new SplittableRandom(SEED);
        for (long i = 0; i < codeBytes; i += Long.BYTES) {
            // Ternary weights, as packers write them: no code is 3.
            long codes = random.nextLong();
            first.set(ValueLayout.JAVA_LONG, i, parsed.wide() ? codes : codes & ~(codes << 1 & 0xAAAA_AAAA_AAAA_AAAAL));
        }
        for (int i = 0; i < parsed.scales(); i++) {
            float scale = (float) random.nextDouble(0.5, 2);
            first.set(ValueLayout.JAVA_SHORT, codeBytes + (long) i * Short.BYTES, Float.floatToFloat16(scale));
        }
        for (long i = 0; i < count; i++) {
            MemorySegment one = all.asSlice(i * bytes, bytes);
            one.copyFrom(first);
            memory.add(one);
            if (parsed.wide()) {
                MemorySegment scales = one.asSlice(codeBytes, (long) parsed.scales() * Short.BYTES);
                wide.add(Q8Matrix.of(one.asSlice(0, codeBytes), scales, parsed.rows(), parsed.cols()));
            } else {
                matrices.add(matrix(parsed, one));
            }
        }
    }

    private static Qk256Matrix matrix(Shape shape, MemorySegment memory) {
        long codes = shape.codeBytes();
        Qk256Matrix plain = Qk256Matrix.of(memory.asSlice(0, codes), shape.rows(), shape.cols(), Codebook.TERNARY)
                .withTensorScale(SCALE);
        if (shape.group() == 0) {
            return plain;
        }
        MemorySegment scales = memory.asSlice(codes, (long) shape.scales() * Short.BYTES);
        return plain.withGroupScales(scales, shape.group(), ScaleType.F16);
    }

    /** Frees the memory. */
    @TearDown
    public void tearDown() {
        arena.close();
    }

    Arena arena() {
        return arena;
    }

    /** The matrices of 2-bit weights in the order of use. */
    Rotation<Qk256Matrix> rotation() {
        return new Rotation<>(matrices, memory);
    }

    /** The matrices of 8-bit weights in the order of use. */
    Rotation<Q8Matrix> wideRotation() {
        return new Rotation<>(wide, memory);
    }

    /** What a floor reads. */
    Rotation<?> anyRotation() {
        return wide.isEmpty() ? rotation() : wideRotation();
    }

    private boolean cold() {
        return switch (mode) {
            case "warm" -> false;
            case "cold" -> true;
            default -> throw new IllegalArgumentException("mode: '" + mode + "', expected warm or cold");
        };
    }
}
