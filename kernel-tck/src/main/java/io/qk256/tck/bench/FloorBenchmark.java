package io.qk256.tck.bench;

import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.infra.ThreadParams;

/**
 * The time that no kernel can beat: writing the output in plain Java, or reading the weights in the fastest of a few ways.
 * Each thread reads its part of the same bytes and waits for no other thread.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class FloorBenchmark {

    private @Nullable Floor floor;

    /** For JMH. */
    public FloorBenchmark() {}

    /** Allocates the memory, and chooses the fastest way. */
    @Setup
    public void setUp(BenchMatrices weights, ThreadParams thread, BenchmarkParams params) {
        floor = Floor.of(
                weights.operation,
                Shape.parse(weights.shape),
                weights.anyRotation(),
                thread.getThreadIndex(),
                thread.getThreadCount());
        Verdicts.addFloor(params, floor.prepare());
    }

    /** Runs the floor. */
    @Benchmark
    public long run() {
        return Objects.requireNonNull(floor).run();
    }
}
