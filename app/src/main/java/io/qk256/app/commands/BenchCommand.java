package io.qk256.app.commands;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Unmatched;

/** Runs the benchmarks of the compatibility kit in a JVM of their own. */
@Command(
        name = "bench",
        mixinStandardHelpOptions = true,
        description = {
            "Measure every usable kernel, side by side in one run (JMH; about two minutes).",
            "Further arguments go to JMH: a regular expression chooses benchmarks (dequantize, gemvF32, gemvI8),"
                    + " '-p shape=640x2560' another shape."
        })
final class BenchCommand implements Callable<Integer> {

    /** Where the kit and what it needs lie, beside the application's own module path. */
    private static final String KIT_MODULES = "qk256.kit.modules";

    @ParentCommand
    private @Nullable Qk256Command root;

    @Unmatched
    private List<String> arguments = new ArrayList<>();

    BenchCommand() {}

    @Override
    public Integer call() throws IOException, InterruptedException {
        Qk256Command command = Objects.requireNonNull(root);
        String kit = System.getProperty(KIT_MODULES, "");
        if (!new File(kit).isDirectory()) {
            command.err()
                    .println("qk256: the compatibility kit was expected in the directory that -D" + KIT_MODULES
                            + " names, got '" + kit + "'; start the application with ./qk256");
            return ExitCode.FAILED;
        }
        command.out()
                .println("CPU       " + KernelReport.describe(command.machine().cpu()));
        command.out().flush();
        List<String> java = new ArrayList<>();
        java.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        java.add("--enable-native-access=ALL-UNNAMED,io.qk256.avx2.jni");
        java.add("--sun-misc-unsafe-memory-access=allow");
        java.add("--module-path=" + System.getProperty("jdk.module.path") + File.pathSeparator + kit);
        java.add("--module=io.qk256.tck/io.qk256.tck.bench.Benchmarks");
        java.addAll(arguments);
        return new ProcessBuilder(java).inheritIO().start().waitFor() == 0 ? ExitCode.OK : ExitCode.FAILED;
    }
}
