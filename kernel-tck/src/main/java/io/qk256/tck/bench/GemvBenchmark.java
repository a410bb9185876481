package io.qk256.tck.bench;

import io.qk256.spi.Codebook;
import io.qk256.spi.F32Vector;
import io.qk256.spi.I8Vector;
import io.qk256.spi.Kernel;
import io.qk256.spi.Qk256Matrix;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** Multiplies the same off-heap matrix again and again: as much of it as fits is in cache. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class GemvBenchmark {

    /** The kernel's name; {@link Benchmarks} fills in all that are usable. */
    @Param("scalar")
    public String kernel = "";

    /** The matrix. */
    @Param("2560x2560")
    public String shape = "";

    private final Arena arena = Arena.ofShared();
    private @Nullable Kernel opened;
    private @Nullable Qk256Matrix matrix;
    private @Nullable F32Vector x;
    private @Nullable I8Vector q;
    private @Nullable F32Vector y;

    /** For the harness. */
    public GemvBenchmark() {}

    /** Opens the kernel and fills the matrix and the inputs. */
    @Setup
    public void setUp() {
        Shape parsed = Shape.parse(shape);
        opened = Kernels.open(kernel);
        matrix = parsed.random(Codebook.TERNARY, arena);
        F32Vector floats = F32Vector.allocate(arena, parsed.cols());
        I8Vector integers = I8Vector.allocate(arena, parsed.cols());
        for (int col = 0; col < parsed.cols(); col++) {
            floats.set(col, col % 17 - 8);
            integers.segment().set(ValueLayout.JAVA_BYTE, col, (byte) (col * 37 % 255 - 127));
        }
        x = floats;
        q = integers;
        y = F32Vector.allocate(arena, parsed.rows());
    }

    /** Frees the memory. */
    @TearDown
    public void tearDown() {
        arena.close();
    }

    /** The f32 product. */
    @Benchmark
    public void gemvF32() {
        Objects.requireNonNull(opened)
                .gemv(Objects.requireNonNull(matrix), Objects.requireNonNull(x), Objects.requireNonNull(y));
    }

    /** The int8 product of a ternary matrix. */
    @Benchmark
    public void gemvI8() {
        Objects.requireNonNull(opened)
                .gemv(Objects.requireNonNull(matrix), Objects.requireNonNull(q), Objects.requireNonNull(y));
    }
}
