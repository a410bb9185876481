package io.qk256.spi.plugin;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** A JVM with limits of time and memory, on the same module path as this one. */
final class ProbeProcess {

    /** What a kernel may allocate on the heap, and again in direct buffers. */
    static final int MEMORY_MIB = 256;

    /** What the process may keep in memory, the JVM included: it limits neither arenas nor native code. */
    static final int RESIDENT_MIB = 1024;

    /** Address space of the whole process, of which the JVM itself reserves about half. */
    private static final int ADDRESS_SPACE_MIB = 6144;

    private static final int MAX_OUTPUT = 4096;
    private static final Duration AFTER_END = Duration.ofSeconds(2);

    /** Memory is filled at some MiB per millisecond. */
    private static final long WATCH_MILLIS = 20;

    private static final Pattern RESIDENT = Pattern.compile("(?m)^VmRSS:\\s+(\\d+) kB");

    private ProbeProcess() {}

    /** For what a process is stopped. */
    enum Limit {
        TIME,
        MEMORY
    }

    /**
     * How it ended.
     *
     * @param exceeded the limit that it was stopped for, if it did not end by itself
     * @param exit its exit code
     * @param output the beginning of what it printed
     * @param crash the beginning of HotSpot's report of a crash, if there is one
     */
    record End(Optional<Limit> exceeded, int exit, String output, Optional<String> crash) {}

    static End run(List<String> nativeModules, List<String> arguments, Duration timeLimit, Path directory)
            throws IOException, InterruptedException {
        Path crash = directory.resolve("crash.log");
        ProcessBuilder builder = new ProcessBuilder(command(nativeModules, arguments, crash))
                .redirectErrorStream(true)
                .directory(directory.toFile());
        // Debuggers and agents of this JVM would meet themselves there.
        builder.environment().keySet().removeAll(List.of("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS"));
        builder.environment().put("MALLOC_ARENA_MAX", "2"); // Each arena takes address space.
        Process process = builder.start();
        try {
            ByteArrayOutputStream output = new ByteArrayOutputStream();
            Thread reader = Thread.ofPlatform()
                    .daemon()
                    .name("qk256-probe-output")
                    .start(() -> drain(process.getInputStream(), output));
            Optional<Limit> exceeded = watch(process, timeLimit);
            kill(process);
            reader.join(AFTER_END); // A process that the kernel left behind may hold the stream open.
            return new End(exceeded, process.exitValue(), output.toString(StandardCharsets.UTF_8), read(crash));
        } finally {
            kill(process);
        }
    }

    /** Until it ends, or exceeds a limit. */
    private static Optional<Limit> watch(Process process, Duration timeLimit) throws InterruptedException {
        long start = System.nanoTime();
        while (!process.waitFor(WATCH_MILLIS, TimeUnit.MILLISECONDS)) {
            if (residentMib(process) > RESIDENT_MIB) {
                return Optional.of(Limit.MEMORY);
            }
            if (System.nanoTime() - start > timeLimit.toNanos()) {
                return Optional.of(Limit.TIME);
            }
        }
        return Optional.empty();
    }

    /** As Linux tells it; 0 elsewhere, and of a process that has ended. */
    private static long residentMib(Process process) {
        try {
            Path status = Path.of("/proc", String.valueOf(process.pid()), "status");
            Matcher resident = RESIDENT.matcher(Files.readString(status, StandardCharsets.ISO_8859_1));
            return resident.find() ? Long.parseLong(resident.group(1)) / 1024 : 0;
        } catch (IOException e) {
            return 0;
        }
    }

    private static List<String> command(List<String> nativeModules, List<String> arguments, Path crash) {
        List<String> command = new ArrayList<>();
        Path shell = Path.of("/bin/sh");
        if (System.getProperty("os.name", "").equals("Linux") && Files.isExecutable(shell)) {
            command.addAll(List.of(
                    shell.toString(),
                    "-c",
                    "ulimit -c 0; ulimit -v " + ADDRESS_SPACE_MIB * 1024L + " 2>/dev/null; exec \"$@\"",
                    "probe"));
        }
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("-Xmx" + MEMORY_MIB + "m");
        command.add("-XX:MaxDirectMemorySize=" + MEMORY_MIB + "m");
        command.addAll(List.of("-XX:+ExitOnOutOfMemoryError", "-XX:+UseSerialGC", "-XX:-UsePerfData"));
        command.addAll(List.of("-XX:-CreateCoredumpOnCrash", "-XX:ErrorFile=" + crash));
        System.getProperties().stringPropertyNames().stream()
                .filter(name -> name.startsWith("qk256.") || name.equals("java.library.path"))
                .forEach(name -> command.add("-D" + name + "=" + System.getProperty(name)));
        String modulePath = System.getProperty("jdk.module.path", "");
        if (!modulePath.isEmpty()) {
            command.addAll(List.of("-p", absolute(modulePath)));
        }
        command.add("--add-modules=" + bootModules());
        command.add("--enable-native-access=" + String.join(",", nativeModules));
        command.add("--illegal-native-access=deny");
        command.add("-m");
        command.add(ProbeMain.class.getModule().getName() + "/" + ProbeMain.class.getName());
        command.addAll(arguments);
        return command;
    }

    /** The same modules as here, so that a plugin finds what it finds here. */
    private static String bootModules() {
        return ModuleLayer.boot().modules().stream()
                .map(Module::getName)
                .sorted()
                .collect(Collectors.joining(","));
    }

    private static String absolute(String modulePath) {
        return List.of(modulePath.split(File.pathSeparator, -1)).stream()
                .map(entry -> Path.of(entry).toAbsolutePath().toString())
                .collect(Collectors.joining(File.pathSeparator));
    }

    private static void drain(InputStream in, ByteArrayOutputStream output) {
        byte[] buffer = new byte[MAX_OUTPUT];
        try (in) {
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                output.write(buffer, 0, Math.min(MAX_OUTPUT - output.size(), count));
            }
        } catch (IOException e) {
            return; // What came before will do.
        }
    }

    /** Children first: those of a dead process belong to nobody. */
    private static void kill(Process process) throws InterruptedException {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly().waitFor();
    }

    private static Optional<String> read(Path crash) {
        try (InputStream in = Files.newInputStream(crash)) {
            return Optional.of(new String(in.readNBytes(MAX_OUTPUT), StandardCharsets.UTF_8));
        } catch (IOException e) {
            return Optional.empty();
        }
    }
}
