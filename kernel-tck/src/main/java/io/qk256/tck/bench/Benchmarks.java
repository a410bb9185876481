package io.qk256.tck.bench;

import java.util.Collection;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/**
 * Measures every kernel that is usable here, side by side in one run, and prints each one's speed as a multiple of the
 * scalar kernel's. Arguments are JMH's own and override what is set here.
 */
public final class Benchmarks {

    private static final String BASELINE = "scalar";
    private static final int WARMUPS = 3;
    private static final int MEASUREMENTS = 5;

    private Benchmarks() {}

    /** Runs the benchmarks. */
    public static void main(String[] args) throws RunnerException, CommandLineOptionException {
        Options options = new OptionsBuilder()
                .parent(new CommandLineOptions(args))
                .param("kernel", Kernels.usable().toArray(String[]::new))
                .forks(1)
                .warmupIterations(WARMUPS)
                .warmupTime(TimeValue.seconds(1))
                .measurementIterations(MEASUREMENTS)
                .measurementTime(TimeValue.seconds(1))
                .build();
        print(new Runner(options).run());
    }

    private static void print(Collection<RunResult> results) {
        Map<String, Double> baselines = new TreeMap<>();
        for (RunResult result : results) {
            if (result.getParams().getParam("kernel").equals(BASELINE)) {
                baselines.put(task(result.getParams()), nanoseconds(result));
            }
        }
        System.out.printf(
                Locale.ROOT, "%n%-34s %-14s %14s %16s %10s%n", "task", "kernel", "ns", "G weights/s", "x scalar");
        for (RunResult result : results) {
            BenchmarkParams params = result.getParams();
            double nanoseconds = nanoseconds(result);
            double baseline = baselines.getOrDefault(task(params), Double.NaN);
            System.out.printf(
                    Locale.ROOT,
                    "%-34s %-14s %14.1f %16.2f %10.1f%n",
                    task(params),
                    params.getParam("kernel"),
                    nanoseconds,
                    Shape.parse(params.getParam("shape")).weights() / nanoseconds,
                    baseline / nanoseconds);
        }
        System.out.println(
                "JVM: " + System.getProperty("java.vm.name") + " " + System.getProperty("java.runtime.version"));
    }

    private static String task(BenchmarkParams params) {
        String name = params.getBenchmark();
        return name.substring(name.lastIndexOf('.') + 1) + " " + params.getParam("shape");
    }

    private static double nanoseconds(RunResult result) {
        return result.getPrimaryResult().getScore();
    }
}
