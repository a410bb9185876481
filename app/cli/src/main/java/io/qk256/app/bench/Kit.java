package io.qk256.app.bench;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.qk256.spi.selection.Artifact;
import io.qk256.spi.support.Environment;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Runs the benchmarks of the compatibility kit in a separate JVM, with the kit added to the module path. Progress goes to
 * standard error.
 *
 * @param tasks the tasks to measure
 * @param kernels the kernels to measure
 * @param cpuFeatures labels of the features that the CPU is known to have
 * @param duration how long to measure
 * @param profilers JMH profilers
 * @param jvmOptions options of the measuring JVMs
 * @param plugins the kernels that come from plugins; in the measuring JVMs they are on the module path
 * @param against if present, everything is also measured in a second kind of JVM, in turn with the first; this is their only
 *     difference: an option, which begins with a dash, or a path whose modules replace those of the same name
 */
public record Kit(
        List<BenchTask> tasks,
        List<String> kernels,
        List<String> cpuFeatures,
        Duration duration,
        List<String> profilers,
        List<String> jvmOptions,
        List<Artifact> plugins,
        Optional<String> against) {

    /** System property: the directory of the kit and its dependencies, besides the application's own module path. */
    private static final String KIT_MODULES = "qk256.kit.modules";

    /**
     * How long each kernel is measured at each task.
     *
     * @param rounds number of fresh JVMs
     * @param warmups warm-up iterations per JVM
     * @param iterations measured iterations per JVM
     * @param milliseconds duration of an iteration
     */
    public record Duration(int rounds, int warmups, int iterations, int milliseconds) {}

    /**
     * The results of a measurement.
     *
     * @param results the results of the first kind of JVM
     * @param other the results of the second kind, if there is one
     */
    public record Outcome(BenchResults results, Optional<BenchResults> other) {}

    /**
     * Measures and collects the results.
     *
     * @param machine description of the machine, copied into the results
     * @throws IOException if the kit is not found or fails as a whole
     */
    public Outcome run(JsonObject machine) throws IOException, InterruptedException {
        Path modules = modules();
        Path measured = Files.createTempFile("qk256-bench", ".json");
        Path verdicts = Files.createTempFile("qk256-bench", ".tsv");
        try {
            Process process = new ProcessBuilder(command(modules, measured, verdicts))
                    .inheritIO()
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            int exit = waitFor(process);
            if (exit != 0) {
                throw new IOException("the benchmarks ended with exit code " + exit + "; the reason is above");
            }
            JsonArray json = JsonParser.parseString(Files.readString(measured)).getAsJsonArray();
            if (json.isEmpty()) {
                throw new IOException("nothing could be measured; the reasons are above");
            }
            List<String> checked = Files.readAllLines(verdicts);
            return new Outcome(
                    JmhResults.read(json, checked, false, machine, jvm(json, Optional.empty())),
                    against.map(other -> JmhResults.read(json, checked, true, machine, jvm(json, against))));
        } finally {
            Files.deleteIfExists(measured);
            Files.deleteIfExists(verdicts);
        }
    }

    /**
     * Returns the directory of the kit.
     *
     * @throws IOException if it does not exist
     */
    public static Path modules() throws IOException {
        String named = Environment.property(KIT_MODULES).orElse("");
        if (named.isEmpty() || !Files.isDirectory(Path.of(named))) {
            throw new IOException("the compatibility kit was expected in the directory that -D" + KIT_MODULES
                    + " names, got '" + named + "'; start the application with its script, bin/qk256");
        }
        return Path.of(named);
    }

    private static int waitFor(Process process) throws InterruptedException {
        try {
            return process.waitFor();
        } finally {
            process.destroy();
        }
    }

    private List<String> command(Path modules, Path measured, Path verdicts) {
        List<String> java = new ArrayList<>();
        java.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        java.add("--enable-native-access=ALL-UNNAMED,io.qk256.spi,io.qk256.avx2.jni,io.qk256.tck" + nativePlugins());
        java.add("--sun-misc-unsafe-memory-access=allow");
        java.add("-XX:MaxDirectMemorySize=4g");
        // Two users cannot share JMH's lock file; a measurement that runs beside another shows it in its errors.
        java.add("-Djmh.ignoreLock=true");
        java.add("-Dqk256.bench.cpu=" + String.join(",", cpuFeatures));
        java.add("-Dqk256.bench.verdicts=" + verdicts);
        // Otherwise, on a busy machine, compilation could finish after the warm-up.
        java.add("-Xbatch");
        java.addAll(jvmOptions);
        java.add(
                "--module-path=" + System.getProperty("jdk.module.path") + File.pathSeparator + modules + pluginPath());
        java.add("--module=io.qk256.tck/io.qk256.tck.bench.Benchmarks");
        java.add("--result=" + measured);
        java.add("--rounds=" + duration.rounds());
        java.add("--warmups=" + duration.warmups());
        java.add("--iterations=" + duration.iterations());
        java.add("--milliseconds=" + duration.milliseconds());
        kernels.forEach(kernel -> java.add("--kernel=" + kernel));
        against.ifPresent(other -> java.add("--against=" + other));
        profilers.forEach(profiler -> java.add("--profiler=" + profiler));
        tasks.forEach(task -> java.add("--task=" + task.argument()));
        return java;
    }

    private String nativePlugins() {
        return plugins.stream()
                .filter(Artifact::nativeAccess)
                .map(plugin -> "," + plugin.module())
                .collect(Collectors.joining());
    }

    private String pluginPath() {
        return plugins.stream()
                .map(plugin -> File.pathSeparator + plugin.origin())
                .distinct()
                .collect(Collectors.joining());
    }

    private JsonObject jvm(JsonArray measured, Optional<String> more) {
        JsonObject jvm = new JsonObject();
        JsonObject first = measured.get(0).getAsJsonObject();
        jvm.add("name", first.get("vmName"));
        jvm.add("version", first.get("vmVersion"));
        JsonArray options = new JsonArray();
        jvmOptions.forEach(options::add);
        more.ifPresent(options::add);
        jvm.add("options", options);
        jvm.addProperty("rounds", duration.rounds());
        jvm.addProperty("iterations", duration.iterations());
        jvm.addProperty("milliseconds", duration.milliseconds());
        return jvm;
    }
}
