package io.qk256.tck.bench;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.openjdk.jmh.results.BenchmarkResult;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.results.format.ResultFormatFactory;
import org.openjdk.jmh.results.format.ResultFormatType;
import org.openjdk.jmh.runner.ProfilersFailedException;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.format.OutputFormatFactory;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * Measures kernels side by side and writes JMH's results to a file; progress goes to standard error. The arguments are
 * those of {@link Plan}. A run that fails is reported and skipped.
 */
public final class Benchmarks {

    private final Plan plan;
    private final Map<HarnessRun, List<BenchmarkResult>> results = new LinkedHashMap<>();

    private Benchmarks(Plan plan) {
        this.plan = plan;
    }

    /** Runs the benchmarks. */
    public static void main(String[] args) throws IOException, RunnerException {
        Benchmarks benchmarks = new Benchmarks(Plan.parse(args));
        try {
            benchmarks.run();
        } catch (ProfilersFailedException e) {
            System.err.println();
            System.err.println("profiler: " + e.getCause());
            System.exit(1);
        }
        benchmarks.write();
    }

    private void run() throws RunnerException {
        Collection<HarnessRun> runs = plan.runs();
        int done = 0;
        long start = System.nanoTime();
        for (HarnessRun run : runs) {
            done++;
            System.err.printf(Locale.ROOT, "[%d/%d] %-58s", done, runs.size(), run);
            System.err.flush();
            Optional<RunResult> measured = measure(run);
            String outcome = measured.map(result -> String.format(
                            Locale.ROOT, "%12.1f ns", result.getPrimaryResult().getScore()))
                    .orElse("      failed");
            long left = (System.nanoTime() - start) / done * (runs.size() - done) / 1_000_000_000;
            System.err.println(outcome + "   " + left + " s left");
            measured.ifPresent(result -> result.getSecondaryResults().values().forEach(Benchmarks::print));
        }
    }

    /** Prints a profiler's result: a number or a text. */
    private static void print(Result<?> found) {
        System.err.println(
                Double.isNaN(found.getScore())
                        ? found.extendedInfo()
                        : String.format(
                                Locale.ROOT,
                                "        %-30s %14.3f %s",
                                found.getLabel(),
                                found.getScore(),
                                found.getScoreUnit()));
    }

    private Optional<RunResult> measure(HarnessRun wanted) throws RunnerException {
        ByteArrayOutputStream talk = new ByteArrayOutputStream();
        PrintStream stream = new PrintStream(talk, true, StandardCharsets.UTF_8);
        Collection<RunResult> run = new Runner(
                        options(wanted).build(), OutputFormatFactory.createFormatInstance(stream, VerboseMode.NORMAL))
                .run();
        if (run.isEmpty()) {
            System.err.println();
            System.err.println(talk.toString(StandardCharsets.UTF_8));
        }
        for (RunResult result : run) {
            results.computeIfAbsent(wanted, key -> new ArrayList<>()).addAll(result.getBenchmarkResults());
        }
        return run.stream().findFirst();
    }

    private ChainedOptionsBuilder options(HarnessRun run) {
        Task task = run.task();
        Class<?> benchmark = run.isFloor() ? FloorBenchmark.class : OperationBenchmark.class;
        ChainedOptionsBuilder options = new OptionsBuilder()
                .include(benchmark.getName().replace(".", "\\.") + "\\.run")
                .param("operation", task.operation())
                .param("shape", task.shape())
                .param("columns", String.valueOf(task.columns()))
                .param("mode", task.mode())
                .param("threads", String.valueOf(task.threads()))
                .threads(run.isFloor() ? task.threads() : 1)
                .forks(1)
                .warmupIterations(plan.warmups())
                .warmupTime(TimeValue.milliseconds(plan.milliseconds()))
                .measurementIterations(plan.iterations())
                .measurementTime(TimeValue.milliseconds(plan.milliseconds()));
        if (!run.isFloor()) {
            options.param("kernel", run.kernel());
            options.param("against", String.valueOf(run.against()));
        }
        if (run.against()) {
            options.jvmArgsAppend(otherJvm());
        }
        plan.profilers().forEach(profiler -> addProfiler(options, profiler));
        return options;
    }

    /**
     * Of two options with the same name, the JVM uses the later one; of two modules with the same name, the
     * earlier.
     */
    private String otherJvm() {
        return plan.against().startsWith("-")
                ? plan.against()
                : "--module-path=" + plan.against() + File.pathSeparator + System.getProperty("jdk.module.path");
    }

    /** A name may be followed by a colon and the profiler's options, as on JMH's command line. */
    private static void addProfiler(ChainedOptionsBuilder options, String profiler) {
        int colon = profiler.indexOf(':');
        if (colon < 0) {
            options.addProfiler(profiler);
        } else {
            options.addProfiler(profiler.substring(0, colon), profiler.substring(colon + 1));
        }
    }

    private void write() throws IOException {
        List<RunResult> rounds = results.values().stream()
                .map(all -> new RunResult(all.getFirst().getParams(), all))
                .toList();
        try (PrintStream out = new PrintStream(Files.newOutputStream(plan.result()), false, StandardCharsets.UTF_8)) {
            ResultFormatFactory.getInstance(ResultFormatType.JSON, out).writeOut(rounds);
        }
    }
}
