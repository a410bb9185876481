package com.example.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Runs the program as a user would, in each of the four ways to start it, with the options of docs/engine-author.md. */
class MainIT {

    private static final String MAIN = "com.example.engine.Main";

    /** The class path that the build gave this test. */
    private static final List<String> PATH = List.of(System.getProperty("java.class.path").split(File.pathSeparator));

    private static String classes() {
        return PATH.stream().filter(entry -> entry.endsWith("classes") && !entry.endsWith("test-classes"))
                .collect(Collectors.joining());
    }

    private static final String MODEL = System.getProperty("model");

    /** The jars of QK256 Kernels, without the libraries of the tests. */
    private static String libraries() {
        return PATH.stream()
                .filter(entry -> entry.contains(Path.of("io", "qk256").toString()))
                .collect(Collectors.joining(File.pathSeparator));
    }

    private static List<String> run(String... options) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(Arrays.asList(options));
        command.add(MODEL);
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        List<String> lines = process.inputReader().readAllLines();
        assertEquals(0, process.waitFor(), () -> command + ": " + lines);
        return lines;
    }

    /** Expects the program's lines; the JVM may add a warning about its incubator module. */
    private static void requireAnswer(List<String> lines) {
        List<String> said = lines.stream().filter(line -> !line.contains("incubator")).toList();
        assertTrue(said.size() >= 3, () -> "expected three lines: " + lines);
        assertTrue(said.get(0).startsWith("kernel: "), said::getFirst);
        assertEquals("first: " + row(0) + ", last: " + row(Main.ROWS - 1), said.get(1));
        assertTrue(said.get(2).startsWith(" there lived a man"), () -> "expected the beginning of a tale: " + said.get(2));
    }

    /** The expected result in plain code: int8 GEMV is bit-exact. */
    private static float row(int row) {
        float[] weights = Main.numbers(Main.ROWS * Main.COLS, 1);
        float[] x = Main.numbers(Main.COLS, 2);
        double sum = 0;
        for (float weight : weights) {
            sum += Math.abs(weight);
        }
        float scale = (float) (sum / weights.length);
        float max = 0;
        for (float value : x) {
            max = Math.max(max, Math.abs(value));
        }
        float activationScale = (float) (127 / (double) max);
        int product = 0;
        for (int col = 0; col < Main.COLS; col++) {
            double weight = Math.clamp(Math.rint(weights[row * Main.COLS + col] / scale), -1.0, 1.0);
            product += (int) weight * (int) Math.rint(x[col] * activationScale);
        }
        return (float) product / activationScale * scale;
    }

    @Test
    void onTheModulePath() throws IOException, InterruptedException {
        requireAnswer(run(
                "--enable-native-access=io.qk256.spi,io.qk256.avx2.jni",
                "-p",
                classes() + File.pathSeparator + libraries(),
                "-m",
                "com.example.engine/" + MAIN));
    }

    @Test
    void onTheClassPath() throws IOException, InterruptedException {
        requireAnswer(run(
                "--add-modules=jdk.incubator.vector",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                classes() + File.pathSeparator + libraries(),
                MAIN));
    }

    @Test
    void fromOneJar() throws IOException, InterruptedException {
        requireAnswer(run("--add-modules=jdk.incubator.vector", "-jar", System.getProperty("jar")));
    }

    /** An engine on the class path, the contract and the kernels on the module path. */
    @Test
    void onBoth() throws IOException, InterruptedException {
        requireAnswer(run(
                "--add-modules=io.qk256.llm",
                "--enable-native-access=io.qk256.spi,io.qk256.avx2.jni",
                "-p",
                libraries(),
                "-cp",
                classes(),
                MAIN));
    }
}
