package com.example.osgi.launcher;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Starts the framework that is on the class path, prints the table of kernels, and, given a model, exchanges kernels while the
 * model decodes: {@code Launcher BUNDLES [MODEL [CHANGES [THREADS]]]}.
 */
public final class Launcher {

    private static final List<String> KERNELS = List.of("io.qk256.avx2.jni", "io.qk256.avx2.vector");

    private Launcher() {}

    public static void main(String[] args) throws Exception {
        if (args.length == 0) {
            System.err.println("usage: Launcher BUNDLES [MODEL [CHANGES [THREADS]]]");
            System.exit(2);
        }
        Path storage = Files.createTempDirectory("osgi-host-");
        try (Host host = Host.start(Path.of(args[0]), storage, Map.of())) {
            System.out.println("framework: " + host.framework());
            System.out.print(host.console("table"));
            host.problems().forEach(problem -> System.err.println("not started: " + problem));
            if (args.length > 1) {
                decode(host, args);
            }
        } finally {
            delete(storage);
        }
    }

    private static void decode(Host host, String[] args) throws Exception {
        int changes = args.length > 2 ? Integer.parseInt(args[2]) : 6;
        host.console("decode " + (args.length > 3 ? args[3] : "1") + " " + args[1]);
        host.console("await 20");
        for (String kernel : KERNELS) {
            host.exchange(kernel, changes);
            host.bundle(kernel).stop(); // The next one is the best one now.
            host.console("settle");
        }
        System.out.print(host.console("stop"));
    }

    private static void delete(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }
}
