package io.qk256.spi.support;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Special files, created in a test's directory. */
final class Nodes {

    /** The number of the signal of Ctrl-C. */
    static final int INT = 2;

    private Nodes() {}

    /** Whether new JVMs do not handle a signal, because this process ignores it, as shells do for background jobs. */
    static boolean isIgnored(int signal) throws IOException {
        Path status = Path.of("/proc/self/status");
        if (!Files.exists(status)) {
            return false;
        }
        Matcher ignored = Pattern.compile("SigIgn:\\s*([0-9a-f]+)").matcher(Files.readString(status));
        return ignored.find() && (Long.parseUnsignedLong(ignored.group(1), 16) >> (signal - 1) & 1) != 0;
    }

    static void assumeRoot() {
        assumeTrue("root".equals(System.getProperty("user.name")), "needs root, who may give files away");
    }

    static void assumeNotRoot() {
        assumeFalse("root".equals(System.getProperty("user.name")), "root may write everything");
    }

    /** A character device, for example 1, 3 for /dev/null and 1, 7 for /dev/full. */
    static Path device(Path file, int major, int minor) throws IOException, InterruptedException {
        Run made = run("mknod", file.toString(), "c", "" + major, "" + minor);
        assumeTrue(made.code() == 0, "this user may not make devices: " + made.output());
        Run opened = run("sh", "-c", ": > \"$0\"", file.toString());
        assumeTrue(opened.code() == 0, "devices cannot be opened here: " + opened.output());
        return file;
    }

    static Path fifo(Path file) throws IOException, InterruptedException {
        Run made = run("mkfifo", file.toString());
        assertThat(made.code()).as(made.output()).isZero();
        return file;
    }

    /**
     * The result of a process.
     *
     * @param code its exit code
     * @param output everything it printed
     */
    record Run(int code, String output) {}

    static Run run(String... command) throws IOException, InterruptedException {
        Process process =
                new ProcessBuilder(List.of(command)).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Run(process.waitFor(), output);
    }
}
