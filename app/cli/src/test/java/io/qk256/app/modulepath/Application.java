package io.qk256.app.modulepath;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** The packaged application, run as users run it: in a separate JVM, on the module path. */
final class Application {

    private static final Path TARGET = Path.of(System.getProperty("qk256.target", "target"));
    /** Only a hanging process takes this long. */
    private static final int TIMEOUT_MINUTES = 10;

    /** Most commands take a second: an optimizing compiler would cost more than it saves. */
    static final String SIMPLE_COMPILER = "-XX:TieredStopAtLevel=1";

    private static final List<String> SHORT_LIVED = List.of(SIMPLE_COMPILER, "-XX:+UseSerialGC");

    /**
     * The classes as the build archived them, which saves a third of a start. Where the archive does not fit, the JVM
     * silently starts without it.
     */
    static final List<String> CLASSES = List.of(
            "-XX:SharedArchiveFile=" + TARGET.resolve("qk256/bin/classes.jsa").toAbsolutePath(),
            "-Xlog:cds=off",
            "-Xlog:aot=off",
            "-Xlog:class+path=off");

    /** The result of a run. */
    record Result(int exit, String out, String err) {

        /** Warnings of this JVM and those that it started, except the one that cannot be turned off. */
        List<String> warnings() {
            return err.lines()
                    .filter(line -> line.startsWith("WARNING") && !line.startsWith("WARNING: Using incubator modules"))
                    .toList();
        }
    }

    private final List<String> modulePath;
    private final Map<String, String> environment = new HashMap<>();
    private List<String> jvmOptions = SHORT_LIVED;
    private List<String> options = List.of();
    private Optional<Path> input = Optional.empty();

    private Application(List<String> modulePath) {
        this.modulePath = modulePath;
    }

    /** The application with all built-in kernels. */
    static Application complete() throws IOException {
        return without(jar -> false);
    }

    /** The application without the jars whose file names match. */
    static Application without(Predicate<String> left) throws IOException {
        List<String> path = new ArrayList<>();
        for (Path jar : jars()) {
            if (!left.test(jar.getFileName().toString())) {
                path.add(jar.toString());
            }
        }
        return new Application(path);
    }

    static Path spi() throws IOException {
        return jars().stream()
                .filter(jar -> jar.getFileName().toString().startsWith("kernel-spi-"))
                .findFirst()
                .orElseThrow();
    }

    private static List<Path> jars() throws IOException {
        try (Stream<Path> files = Files.list(TARGET.resolve("qk256/lib"))) {
            return files.filter(Files::isRegularFile).sorted().toList();
        }
    }

    Application with(Path module) {
        modulePath.add(module.toString());
        return this;
    }

    Application jvm(String... options) {
        jvmOptions = Stream.concat(jvmOptions.stream(), Stream.of(options)).toList();
        return this;
    }

    /** Starts with all compilers of the JVM, as users do; the kernel avx2-vector is rejected without them. */
    Application optimizing() {
        jvmOptions = jvmOptions.stream()
                .filter(option -> !SHORT_LIVED.contains(option))
                .toList();
        return this;
    }

    /**
     * Adds the options that a start with plugins needs, and as much time for each plugin as a busy machine may take; a test can
     * override it by giving {@code --probe-seconds} again.
     */
    Application withPlugins() {
        options = List.of("--probe-seconds=600");
        return jvm("--enable-native-access=io.qk256.spi,io.qk256.avx2.jni", "--illegal-native-access=deny");
    }

    /** Runs with this text piped into standard input. */
    Application input(Path file) {
        input = Optional.of(file);
        return this;
    }

    Application environment(String variable, String value) {
        environment.put(variable, value);
        return this;
    }

    Result run(String... arguments) throws IOException, InterruptedException {
        Path out = Files.createTempFile("qk256", ".out");
        Path err = Files.createTempFile("qk256", ".err");
        Path none = Files.createTempFile("qk256", ".in"); // The process would wait for a pipe without an end.
        ProcessBuilder builder = builder(arguments)
                .redirectInput(input.orElse(none).toFile())
                .redirectOutput(out.toFile())
                .redirectError(err.toFile());
        Process process = builder.start();
        if (!process.waitFor(TIMEOUT_MINUTES, TimeUnit.MINUTES)) {
            process.destroyForcibly();
            throw new IllegalStateException("no end after " + TIMEOUT_MINUTES + " minutes: " + builder.command());
        }
        Result result = new Result(process.exitValue(), read(out), read(err));
        Files.delete(out);
        Files.delete(err);
        Files.delete(none);
        return result;
    }

    /** The process to run, its streams not redirected. */
    ProcessBuilder builder(String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(CLASSES);
        command.addAll(jvmOptions);
        command.add("-Dqk256.native.dir=" + TARGET.resolve("native").toAbsolutePath());
        command.addAll(List.of("-p", String.join(File.pathSeparator, modulePath)));
        boolean hasNativeKernel = modulePath.stream().anyMatch(jar -> jar.contains("kernel-avx2-native"));
        command.add("--enable-native-access=io.qk256.spi" + (hasNativeKernel ? ",io.qk256.avx2.jni" : ""));
        command.addAll(List.of("-m", "io.qk256.app/io.qk256.app.Main"));
        if (Arrays.stream(arguments).noneMatch(argument -> argument.startsWith("--probe"))) {
            command.addAll(options);
        }
        command.addAll(Arrays.asList(arguments));
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().remove("QK256_PLUGINS");
        builder.environment()
                .put("QK256_CACHE_DIR", TARGET.resolve("cache").toAbsolutePath().toString());
        builder.environment().putAll(environment);
        return builder;
    }

    private static String read(Path file) throws IOException {
        return Files.readString(file, StandardCharsets.UTF_8);
    }
}
