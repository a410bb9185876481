package io.qk256.tck.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.openjdk.jmh.infra.BenchmarkParams;

/**
 * Records in a file how exact the measured kernels are, because the measuring JVMs have no other way to report it. A
 * line is the task, the kernel, whether it ran in the other JVM, and the verdict, separated by tabs.
 */
final class Verdicts {

    /** The file. */
    static final String FILE = "qk256.bench.verdicts";

    private Verdicts() {}

    static synchronized void add(BenchmarkParams params, String verdict) {
        String file = System.getProperty(FILE, "");
        if (file.isEmpty()) {
            return;
        }
        Task task = Task.of(params);
        String line = String.join(
                "\t",
                task.toString(),
                params.getParam("kernel"),
                params.getParam("against"),
                verdict.replaceAll("\\s+", " "));
        try {
            Files.write(Path.of(file), List.of(line), StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
