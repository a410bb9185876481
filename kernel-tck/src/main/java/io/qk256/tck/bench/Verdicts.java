package io.qk256.tck.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.openjdk.jmh.infra.BenchmarkParams;

/**
 * Records in a file how exact the measured kernels are, and how floors were measured, because the measuring JVMs have no
 * other way to report it. A line is the task, the kernel or {@value #FLOOR}, whether it ran in the other JVM, and the
 * verdict or the way, separated by tabs.
 */
final class Verdicts {

    /** The file. */
    static final String FILE = "qk256.bench.verdicts";

    /** Stands for a kernel. */
    static final String FLOOR = "(floor)";

    private Verdicts() {}

    static void addFloor(BenchmarkParams params, String way) {
        add(params, FLOOR, "false", way);
    }

    static void add(BenchmarkParams params, String verdict) {
        add(params, params.getParam("kernel"), params.getParam("against"), verdict);
    }

    private static synchronized void add(BenchmarkParams params, String kernel, String against, String verdict) {
        String file = System.getProperty(FILE, "");
        if (file.isEmpty()) {
            return;
        }
        Task task = Task.of(params);
        String line = String.join("\t", task.toString(), kernel, against, verdict.replaceAll("\\s+", " "));
        try {
            Files.write(Path.of(file), List.of(line), StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
