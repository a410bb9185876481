package io.qk256.spi.support;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Outputs that are not regular files, and disks that are full. */
class OutputNodesTest {

    @TempDir
    private Path dir;

    @Test
    void aDeviceIsWrittenToAndStaysADevice() throws Exception {
        Path device = Nodes.device(dir.resolve("null"), 1, 3);
        OutputFile.of(device).requireWritable();
        OutputFile.of(device).write("text");
        assertThat(isOther(device)).isTrue();
        Path link = Files.createSymbolicLink(dir.resolve("link"), device);
        OutputFile.of(link).write("text");
        assertThat(link).isSymbolicLink();
        assertThat(isOther(device)).isTrue();
    }

    @Test
    void aFullDeviceIsNamedWithTheReason() throws Exception {
        Path device = Nodes.device(dir.resolve("full"), 1, 7);
        OutputFile.of(device).requireWritable();
        assertThatIOException()
                .isThrownBy(() -> OutputFile.of(device).write("text"))
                .withMessage(device + ": cannot be written: No space left on device; choose another location");
        assertThat(isOther(device)).isTrue();
    }

    @Test
    void aPipeIsWrittenTo() throws Exception {
        Path fifo = Nodes.fifo(dir.resolve("fifo"));
        Process reader = new ProcessBuilder("cat", fifo.toString()).start();
        OutputFile.of(fifo).requireWritable();
        OutputFile.of(fifo).write("text");
        assertThat(reader.getInputStream().readAllBytes()).asString().isEqualTo("text");
        assertThat(reader.waitFor()).isZero();
        assertThat(isOther(fifo)).isTrue();
    }

    @Test
    void standardOutputByAnyNameIsWrittenTo() throws Exception {
        for (String name : List.of("-", "/dev/stdout", "/dev/fd/1")) {
            Path file = dir.resolve("printed");
            Files.writeString(file, "before\n");
            Process writer = writer(name)
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(file.toFile()))
                    .start();
            assertThat(writer.waitFor()).isZero();
            assertThat(file).as(name).hasContent("before\ntext");
        }
        assertThat(names()).containsExactly("printed");
    }

    @Test
    void anOpenFileOfTheProcessIsWrittenTo() throws Exception {
        Path file = dir.resolve("opened");
        String command = "exec 3>" + file + "; echo before >&3; exec \"$@\"";
        List<String> words = writer("/proc/self/fd/3").command();
        ProcessBuilder shell = new ProcessBuilder(Stream.concat(Stream.of("sh", "-c", command, "sh"), words.stream())
                .toList());
        assertThat(shell.directory(dir.toFile()).start().waitFor()).isZero();
        assertThat(file).hasContent("text");
        assertThat(names()).containsExactly("opened");
    }

    @Test
    void aFileTooLargeForTheProcessLeavesNothing() throws Exception {
        Path file = dir.resolve("large");
        List<String> words = writer(file.toString(), "100000").command();
        Process limited = new ProcessBuilder(
                        Stream.concat(Stream.of("sh", "-c", "ulimit -f 8; exec \"$@\"", "sh"), words.stream())
                                .toList())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        assertThat(limited.getInputStream().readAllBytes())
                .asString()
                .isEqualTo(file + ": cannot be written: File too large; choose another location\n");
        assertThat(limited.waitFor()).isEqualTo(1);
        assertThat(names()).isEmpty();
    }

    @Test
    void nothingIsLeftWhenTheProcessIsToldToEnd() throws Exception {
        for (String signal : Nodes.isIgnored(Nodes.INT) ? List.of("TERM") : List.of("TERM", "INT")) {
            Process writer = writer(dir.resolve("new").toString(), "wait").start();
            assertThat(writer.getInputStream().read()).isEqualTo('.');
            assertThat(names()).singleElement().asString().endsWith(".part");
            assertThat(Nodes.run("kill", "-" + signal, "" + writer.pid()).code())
                    .isZero();
            assertThat(writer.waitFor()).isGreaterThan(128);
            assertThat(names()).isEmpty();
        }
    }

    private ProcessBuilder writer(String... args) {
        List<String> java = List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xshare:auto",
                "-cp",
                location(OutputFile.class) + File.pathSeparator + location(Writer.class),
                Writer.class.getName());
        return new ProcessBuilder(Stream.concat(java.stream(), Stream.of(args)).toList())
                .redirectError(ProcessBuilder.Redirect.INHERIT);
    }

    private static String location(Class<?> type) {
        return Path.of(URI.create(
                        type.getProtectionDomain().getCodeSource().getLocation().toString()))
                .toString();
    }

    /**
     * Writes a file in a separate JVM. Arguments: its name, then the number of bytes or that it waits before the
     * end.
     */
    static final class Writer {

        private Writer() {}

        public static void main(String[] args) {
            try {
                OutputFile.orStandardOutput(Path.of(args[0])).write(out -> {
                    out.write("text".getBytes(StandardCharsets.UTF_8));
                    if (args.length > 1 && args[1].equals("wait")) {
                        System.out.print(".");
                        System.out.flush();
                        sleep();
                    } else if (args.length > 1) {
                        out.write(new byte[Integer.parseInt(args[1])]);
                    }
                });
            } catch (IOException e) {
                System.out.println(e.getMessage());
                System.exit(1);
            }
        }

        private static void sleep() {
            try {
                Thread.sleep(Long.MAX_VALUE);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(dir)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    private static boolean isOther(Path file) throws IOException {
        return Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                .isOther();
    }
}
