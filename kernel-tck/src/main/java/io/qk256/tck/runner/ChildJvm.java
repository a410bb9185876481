package io.qk256.tck.runner;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.qk256.spi.support.ProcessClock;
import io.qk256.tck.BlackBox;
import io.qk256.tck.GuardPages;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** One child JVM with its own directory for files, and how it ended. */
final class ChildJvm {

    /** How a child ended. */
    enum End {
        BY_ITSELF,
        HANGING
    }

    private static final long POLL_MILLIS = 50;
    private static final Duration AFTER_END = Duration.ofSeconds(2);

    private final Path directory;
    private final Path events;
    private final Path blackBox;
    private final Process process;
    private final Talk talk;
    private long read;
    private String rest = "";
    private String hanging = "";

    ChildJvm(Path directory, ModulePath modules, Options options, List<String> tests) throws IOException {
        this.directory = directory;
        this.events = Files.createFile(directory.resolve("events"));
        this.blackBox = Files.write(directory.resolve("black-box"), new byte[4096]);
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("-XX:ErrorFile=" + directory.resolve("error"));
        command.add("-XX:-CreateCoredumpOnCrash");
        command.add("-XX:+DisplayVMOutputToStderr");
        ownProperties().forEach(command::add);
        String mark = "\u0001" + UUID.randomUUID() + "\u0001";
        command.add("-D" + Talk.PROPERTY + "=" + mark);
        command.add("-D" + BlackBox.PROPERTY + "=" + blackBox);
        command.add("-D" + GuardPages.PROPERTY + "=true");
        command.add("-Dqk256.tck.firstSeed=" + options.seed());
        command.add("-Dqk256.tck.random=" + options.random());
        if (options.jvmOptions().stream().noneMatch(ChildJvm::choosesACollector)) {
            command.add(
                    "-XX:+UseSerialGC"); // One thread works at a time, and there are hundreds of requested collections.
        }
        command.addAll(options.jvmOptions());
        command.addAll(modules.options(options.nativeAccess(), directory));
        command.add(
                ModulePath.isClassPath() ? Child.class.getName() : "--module=io.qk256.tck/" + Child.class.getName());
        command.add(events.toString());
        command.add(options.provider());
        command.addAll(tests);
        this.process = new ProcessBuilder(command).redirectErrorStream(true).start();
        this.process.getOutputStream().close(); // A kernel that reads standard input reads its end.
        this.talk = new Talk(process.getInputStream(), mark);
    }

    private static boolean choosesACollector(String jvmOption) {
        return jvmOption.matches("-XX:\\+Use\\w+GC");
    }

    /** Properties that the caller set for the kernels, such as the directory for their native libraries. */
    private static Stream<String> ownProperties() {
        return System.getProperties().stringPropertyNames().stream()
                .filter(name -> name.startsWith("qk256.") && !name.startsWith("qk256.tck."))
                .map(name -> "-D" + name + "=" + System.getProperty(name))
                .sorted();
    }

    /** Passes events on until the child has ended, or has been silent for too long and is killed. */
    End await(Duration timeLimit, Consumer<Event> listener) throws IOException, InterruptedException {
        long lastSign = System.nanoTime();
        long usedBefore = 0;
        ProcessClock clock = new ProcessClock(timeLimit, lastSign, usedBefore);
        try {
            while (true) {
                boolean ended = process.waitFor(POLL_MILLIS, TimeUnit.MILLISECONDS);
                long now = System.nanoTime();
                long used = used();
                if (passOn(listener)) {
                    lastSign = now;
                    usedBefore = used;
                    clock = new ProcessClock(timeLimit, now, used);
                }
                if (ended) {
                    return End.BY_ITSELF;
                }
                if (clock.isOver(now, used)) {
                    Duration silent = Duration.ofNanos(now - lastSign);
                    hanging = Hang.now(silent, Duration.ofNanos(Math.max(0, used - usedBefore)), timeLimit)
                            .toString();
                    return End.HANGING;
                }
            }
        } finally {
            process.destroyForcibly().waitFor();
            talk.await(AFTER_END);
        }
    }

    /** Processor time in nanoseconds; negative if unknown. */
    private long used() {
        return process.info().totalCpuDuration().map(Duration::toNanos).orElse(-1L);
    }

    private boolean passOn(Consumer<Event> listener) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(events.toFile(), "r")) {
            byte[] news = new byte[Math.toIntExact(file.length() - read)];
            file.seek(read);
            file.readFully(news);
            read += news.length;
            // A newline always ends an event: escaping keeps it out of texts, and UTF-8 out of multi-byte characters.
            String text = rest + new String(news, UTF_8);
            int end = text.lastIndexOf('\n') + 1;
            rest = text.substring(end);
            text.substring(0, end).lines().map(Event::parse).forEach(listener);
            return news.length > 0;
        }
    }

    /** Why it was killed, if it was. */
    String hanging() {
        return hanging;
    }

    int exitCode() {
        return process.exitValue();
    }

    Death death() throws IOException {
        return new Death(directory.resolve("error"), blackBox, talk.lastWords());
    }

    /** The first thing that the kernel printed. */
    Optional<String> print() {
        return talk.print();
    }
}
