package com.example.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** Starts the application, as a user does: with SparkSubmit on a local cluster of two executors, or without Spark. */
final class Cluster {

    private static final Path TARGET = Path.of(System.getProperty("target"));
    private static final Path JAVA = Path.of(System.getProperty("java.home"), "bin", "java");

    /** What executors need. */
    static final String FLAGS = "--add-modules jdk.incubator.vector --enable-native-access=ALL-UNNAMED";

    /** For jobs of seconds. The usual compilers stay: the engine's own vector code needs them. */
    static final String SHORT = " -XX:+UseSerialGC";

    private Cluster() {}

    /**
     * Starts the application on two executors, each a JVM of its own.
     *
     * @param cores how many tasks an executor runs at once
     * @param memory the heap of an executor in MiB
     */
    static Process submit(
            Path log, int cores, int memory, String flags, List<String> conf, List<String> arguments)
            throws IOException {
        List<String> command = new ArrayList<>(List.of(
                TARGET.resolveSibling("submit").toString(), "--master", "local-cluster[2," + cores + "," + memory + "]"));
        List<String> all = new ArrayList<>(List.of(
                "spark.executor.memory=" + memory + "m",
                "spark.executor.cores=" + cores,
                "spark.driver.memory=512m",
                "spark.driver.extraJavaOptions=-XX:+UseSerialGC",
                "spark.executor.extraJavaOptions=" + flags,
                "spark.driver.host=127.0.0.1",
                "spark.driver.bindAddress=127.0.0.1",
                "spark.ui.enabled=false"));
        all.addAll(conf);
        all.forEach(one -> command.addAll(List.of("--conf", one)));
        command.addAll(List.of("--jars", String.join(",", jars("engine")), "--class", "com.example.spark.Batch"));
        command.addAll(jars("application"));
        command.addAll(arguments);
        ProcessBuilder start = new ProcessBuilder(command).redirectError(log.toFile());
        start.environment().put("SPARK_LOCAL_IP", "127.0.0.1");
        start.environment().put("JAVA_HOME", System.getProperty("java.home"));
        start.environment().put("SPARK_LOCAL_DIRS", Files.createDirectories(TARGET.resolve("local")).toString());
        return start.start();
    }

    /** The processes of the executors that run at the moment. */
    static List<ProcessHandle> executors(Process driver) {
        return driver.descendants()
                .filter(process -> process.info()
                        .arguments()
                        .map(list -> Arrays.asList(list).toString().contains("CoarseGrainedExecutorBackend"))
                        .orElse(false))
                .toList();
    }

    /** Whether an executor has begun to compute: the model is mapped. */
    static boolean computes(ProcessHandle executor, Path model) {
        try {
            return Files.readString(Path.of("/proc/" + executor.pid() + "/maps")).contains(model.toString());
        } catch (IOException e) { // It has ended.
            return false;
        }
    }

    /** Waits for the end; returns what was printed. */
    static String end(Process process, Path log) throws IOException, InterruptedException {
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), () -> "see " + log);
        return out.strip();
    }

    /** Runs the same without Spark in a JVM of its own. */
    static String plain(Path log, String flags, List<String> arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(JAVA.toString()));
        command.addAll(List.of(flags.split(" ")));
        command.addAll(List.of("-cp", TARGET.resolve("engine") + "/*:" + TARGET.resolve("application") + "/*"));
        command.add("com.example.spark.Plain");
        command.addAll(arguments);
        return end(new ProcessBuilder(command).redirectError(log.toFile()).start(), log);
    }

    private static List<String> jars(String directory) throws IOException {
        try (Stream<Path> files = Files.list(TARGET.resolve(directory))) {
            return files.map(Path::toString).filter(name -> name.endsWith(".jar")).sorted().toList();
        }
    }

    /** The lines of a file, or of all parts of a table, sorted by their bytes. */
    static List<String> lines(Path table) throws IOException {
        List<Path> parts = List.of(table);
        if (Files.isDirectory(table)) {
            assertTrue(Files.exists(table.resolve("_SUCCESS")), "a complete table");
            try (Stream<Path> files = Files.list(table)) {
                parts = files.filter(file -> file.getFileName().toString().startsWith("part-")).toList();
            }
        }
        List<String> lines = new ArrayList<>();
        for (Path part : parts) {
            lines.addAll(Files.readAllLines(part, StandardCharsets.ISO_8859_1)); // One character for each byte.
        }
        lines.sort(Comparator.naturalOrder());
        return lines;
    }
}
