package io.qk256.tck.bench;

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
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.infra.ThreadParams;

/**
 * One operation of one kernel. The result is checked before and after it is measured, so that both the interpreted and
 * the compiled code have shown what they compute.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class OperationBenchmark {

    /** The kernel's name. */
    @Param("scalar")
    public String kernel = "";

    private @Nullable Work work;

    /** For the harness. */
    public OperationBenchmark() {}

    /** Opens the kernel and checks its result. */
    @Setup
    public void setUp(Weights weights, BenchmarkParams params, ThreadParams thread) {
        work = Work.of(
                weights.operation,
                Kernels.open(kernel),
                Shape.parse(weights.shape),
                weights.rotation(thread.getThreadIndex(), thread.getThreadCount()),
                weights.arena());
        try {
            work.run();
        } catch (RuntimeException | Error e) {
            Verdicts.add(params, Check.WRONG + ": " + e);
            throw e;
        }
        Verdicts.add(params, work.verdict());
    }

    /** Checks the result of the last call that was timed. */
    @TearDown
    public void tearDown(BenchmarkParams params) {
        if (work != null) {
            Verdicts.add(params, work.verdict());
        }
    }

    /** The operation. */
    @Benchmark
    public void run() {
        Objects.requireNonNull(work).run();
    }
}
