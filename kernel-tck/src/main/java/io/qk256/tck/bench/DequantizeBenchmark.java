package io.qk256.tck.bench;

import io.qk256.spi.Codebook;
import io.qk256.spi.F32Vector;
import io.qk256.spi.Kernel;
import io.qk256.spi.Qk256Matrix;
import java.lang.foreign.Arena;
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

/** Decodes one row from off-heap memory to off-heap memory, both in cache. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class DequantizeBenchmark {

    /** The kernel's name; {@link Benchmarks} fills in all that are usable. */
    @Param("scalar")
    public String kernel = "";

    /** The matrix. */
    @Param("1x1024")
    public String shape = "";

    private final Arena arena = Arena.ofShared();
    private @Nullable Kernel opened;
    private @Nullable Qk256Matrix matrix;
    private @Nullable F32Vector out;

    /** For the harness. */
    public DequantizeBenchmark() {}

    /** Opens the kernel and fills the matrix. */
    @Setup
    public void setUp() {
        Shape parsed = Shape.parse(shape);
        opened = Kernels.open(kernel);
        matrix = parsed.random(Codebook.QK256, arena);
        out = F32Vector.allocate(arena, parsed.weights());
    }

    /** Frees the memory. */
    @TearDown
    public void tearDown() {
        arena.close();
    }

    /** Decodes all weights. */
    @Benchmark
    public void dequantize() {
        Objects.requireNonNull(opened).dequantize(Objects.requireNonNull(matrix), Objects.requireNonNull(out));
    }
}
