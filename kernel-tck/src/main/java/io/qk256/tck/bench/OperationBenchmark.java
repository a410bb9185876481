package io.qk256.tck.bench;

import io.qk256.spi.Kernel;
import io.qk256.spi.parallel.ParallelKernel;
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

/**
 * One operation of one kernel, run on a {@link ParallelKernel} if there are several threads. The result is checked
 * before and after the measurement, which covers both the interpreted and the compiled code.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class OperationBenchmark {

    /** The kernel's name. */
    @Param("scalar")
    public String kernel = "";

    /** Whether this is the other JVM of a plan that compares two; only a label here. */
    @Param("false")
    public boolean against;

    private @Nullable ParallelKernel parallel;
    private @Nullable Work work;
    private Work.@Nullable Call call;

    /** For JMH. */
    public OperationBenchmark() {}

    /** Opens the kernel and checks its result. */
    @Setup
    public void setUp(BenchMatrices weights, BenchmarkParams params) {
        Kernel opened = Kernels.open(kernel);
        if (weights.threads > 1) {
            parallel = ParallelKernel.withThreads(opened, weights.threads);
            opened = parallel;
        }
        work = Work.of(weights, opened);
        call = work.call();
        try {
            call.run();
        } catch (RuntimeException | Error e) {
            Verdicts.add(params, Check.WRONG + ": " + e);
            throw e;
        }
        Verdicts.add(params, work.verdict().get());
    }

    /** Checks the result of the last timed call, and ends the threads. */
    @TearDown
    public void tearDown(BenchmarkParams params) {
        if (work != null) {
            Verdicts.add(params, work.verdict().get());
        }
        if (parallel != null) {
            parallel.close();
        }
    }

    /** Runs the operation. */
    @Benchmark
    public void run() {
        Objects.requireNonNull(call).run();
    }
}
