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
 * Runs the benchmarks of the compatibility kit in a JVM of their own, on a module path that has the kit as well. Its
 * progress goes to standard error.
 *
 * @param tasks what is measured
 * @param kernels of which kernels
 * @param cpuFeatures labels of the features that the CPU is known to have
 * @param duration for how long
 * @param profilers JMH's
 * @param jvmOptions of the measuring JVMs
 * @param plugins those of the kernels that come from plugins: there they lie on the module path
 * @param against if present, all is measured in a second kind of JVM as well, in turn with the first; this is their only
 *     difference: an option, which begins with a dash, or a path whose modules replace those of the same names
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

    /** Where the kit and what it needs lie, beside the application's own module path. */
    private static final String KIT_MODULES = "qk256.kit.modules";

    /**
     * For how long each kernel is measured at each task.
     *
     * @param rounds fresh JVMs
     * @param warmups iterations of each that do not count
     * @param iterations iterations of each that count
     * @param milliseconds of an iteration
     */
    public record Duration(int rounds, int warmups, int iterations, int milliseconds) {}

    /**
     * What was measured.
     *
     * @param results of the first kind of JVM
     * @param other of the second, if there is one
     */
    public record Outcome(BenchResults results, Optional<BenchResults> other) {}

    /**
     * Measures, and puts the results together.
     *
     * @param machine goes into the results as it is
     * @throws IOException if the kit is not found, or fails as a whole
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
     * The directory of the kit.
     *
     * @throws IOException if there is none
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
        // Whoever measures beside another measurement sees it in the errors; two users cannot share JMH's lock file.
        java.add("-Djmh.ignoreLock=true");
        java.add("-Dqk256.bench.cpu=" + String.join(",", cpuFeatures));
        java.add("-Dqk256.bench.verdicts=" + verdicts);
        // On a busy machine the compiler could otherwise finish after the warm-up.
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
