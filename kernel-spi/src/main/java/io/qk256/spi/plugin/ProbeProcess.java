package io.qk256.spi.plugin;

import io.qk256.spi.support.ProcessClock;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A JVM with limits on time, memory and output, on the same module path and class path as this one. It does not outlive
 * this JVM.
 */
final class ProbeProcess {

    /** The maximum resident memory of the process, JVM included: heap limits cover neither arenas nor native code. */
    static final int RESIDENT_MIB = 1024;

    /** How much it may print. */
    static final int PRINTED_MIB = 1;

    private static final int MAX_OUTPUT = 4096;

    /** Short, because memory fills at some MiB per millisecond. */
    private static final long WATCH_MILLIS = 20;

    private static final Pattern RESIDENT = Pattern.compile("(?m)^VmRSS:\\s+(\\d+) kB");

    private static final Set<Process> RUNNING = ConcurrentHashMap.newKeySet();

    static {
        Runtime.getRuntime()
                .addShutdownHook(new Thread(() -> RUNNING.forEach(ProbeProcess::destroy), "qk256-end-probes"));
    }

    private ProbeProcess() {}

    /** The limits for which a process is stopped. */
    enum Limit {
        TIME,
        MEMORY,
        OUTPUT
    }

    /**
     * How the process ended.
     *
     * @param exceeded the limit for which it was stopped, if it did not end by itself
     * @param exit its exit code
     * @param printed the beginning of its standard output, which should be empty
     * @param output the beginning of its standard error
     * @param crash the beginning of HotSpot's crash report, if there is one
     */
    record End(Optional<Limit> exceeded, int exit, String printed, String output, Optional<String> crash) {}

    static End run(
            Collection<String> nativeModules,
            List<Path> classPath,
            List<String> arguments,
            Duration timeLimit,
            Path directory)
            throws IOException, InterruptedException {
        Path crash = directory.resolve("crash.log");
        // Files rather than pipes: nothing waits for a reader, or for an orphaned process that holds the other end.
        Path out = directory.resolve("out");
        Path err = directory.resolve("err");
        ProcessBuilder builder = new ProcessBuilder(ProbeCommand.of(nativeModules, classPath, arguments, crash))
                .redirectOutput(out.toFile())
                .redirectError(err.toFile())
                .directory(directory.toFile());
        // Debuggers and agents of this JVM would collide with themselves there.
        builder.environment().keySet().removeAll(List.of("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS"));
        builder.environment().put("MALLOC_ARENA_MAX", "2"); // Each malloc arena takes address space.
        Process process = builder.start();
        RUNNING.add(process);
        try {
            Optional<Limit> exceeded = watch(process, timeLimit, out, err);
            destroy(process);
            int exit = process.waitFor();
            return new End(exceeded, exit, read(out).orElse(""), read(err).orElse(""), read(crash));
        } finally {
            destroy(process);
            RUNNING.remove(process);
        }
    }

    /** Waits until the process ends or exceeds a limit. */
    private static Optional<Limit> watch(Process process, Duration timeLimit, Path out, Path err)
            throws IOException, InterruptedException {
        ProcessClock clock = new ProcessClock(timeLimit, System.nanoTime(), 0);
        while (!process.waitFor(WATCH_MILLIS, TimeUnit.MILLISECONDS)) {
            if (residentMib(process) > RESIDENT_MIB) {
                return Optional.of(Limit.MEMORY);
            }
            if (Files.size(out) + Files.size(err) > PRINTED_MIB << 20) {
                return Optional.of(Limit.OUTPUT);
            }
            long used = process.info().totalCpuDuration().map(Duration::toNanos).orElse(-1L);
            if (clock.isOver(System.nanoTime(), used)) {
                return Optional.of(Limit.TIME);
            }
        }
        return Optional.empty();
    }

    /** As Linux reports it; 0 on other systems and for a process that has ended. */
    private static long residentMib(Process process) {
        try {
            Path status = Path.of("/proc", String.valueOf(process.pid()), "status");
            Matcher resident = RESIDENT.matcher(Files.readString(status, StandardCharsets.ISO_8859_1));
            return resident.find() ? Long.parseLong(resident.group(1)) / 1024 : 0;
        } catch (IOException e) {
            return 0;
        }
    }

    /** Kills children first, because those of a dead process can no longer be found. */
    private static void destroy(Process process) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
    }

    private static Optional<String> read(Path file) {
        try (InputStream in = Files.newInputStream(file)) {
            return Optional.of(new String(in.readNBytes(MAX_OUTPUT), StandardCharsets.UTF_8));
        } catch (IOException e) {
            return Optional.empty();
        }
    }
}
