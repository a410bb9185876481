package io.qk256.app.commands;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.qk256.spi.support.UserError;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Exit codes and messages of failures. */
class FailuresTest {

    @Test
    void aMistakeOfTheUserIsWrongUsage() {
        assertTold(new UserError("-n: 0, expected 1 or more"), ExitCode.USAGE, "qk256: -n: 0, expected 1 or more\n");
    }

    @Test
    void aFaultOfAFileIsNotWrongUsage() {
        assertTold(new IOException("m.gguf: is cut off"), ExitCode.FAILED, "qk256: m.gguf: is cut off\n");
        assertTold(
                new UncheckedIOException(new IOException("m.gguf: is cut off")),
                ExitCode.FAILED,
                "qk256: m.gguf: is cut off\n");
        assertTold(new AccessDeniedException("m.gguf"), ExitCode.FAILED, "qk256: m.gguf: permission denied\n");
        assertTold(new NoSuchFileException("m.gguf"), ExitCode.FAILED, "qk256: m.gguf: no such file or directory\n");
    }

    /** A NaN weight found by an argument check was once reported as wrong usage. */
    @Test
    void aDefectIsNeverCalledWrongUsage() {
        assertTold(
                new IllegalArgumentException("scale: NaN"),
                ExitCode.FAILED,
                "qk256: java.lang.IllegalArgumentException: scale: NaN (-v shows where)\n");
    }

    @Test
    void aMappedFileThatShrinksIsToldInOneLine() {
        assertThat(told(new InternalError("a fault occurred in an unsafe memory access operation"), ExitCode.FAILED))
                .startsWith(
                        "qk256: a file was truncated, or its disk failed, while it was being read (a fault occurred");
    }

    /** A real one, so that a JVM which words it in another way is noticed. */
    @Test
    void theFaultOfATruncatedFileIsRecognized(@TempDir Path dir) throws IOException {
        assumeTrue(System.getProperty("os.name").equals("Linux"), "other systems do not truncate mapped files");
        Path path = Files.write(dir.resolve("model.gguf"), new byte[1 << 20]);
        try (FileChannel file = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
                Arena arena = Arena.ofConfined()) {
            MemorySegment mapped = file.map(FileChannel.MapMode.READ_ONLY, 0, 1 << 20, arena);
            file.truncate(0);
            byte[] read = new byte[1 << 20];
            Throwable fault =
                    catchThrowable(() -> MemorySegment.copy(mapped, ValueLayout.JAVA_BYTE, 0, read, 0, read.length));
            assertThat(fault).isInstanceOf(InternalError.class);
            assertThat(told(fault, ExitCode.FAILED))
                    .startsWith("qk256: a file was truncated, or its disk failed, while");
        }
    }

    @Test
    void noMemoryIsNoDefect() {
        assertThat(told(new OutOfMemoryError("Java heap space"), ExitCode.FAILED))
                .startsWith("qk256: out of memory or threads: Java heap space; use fewer threads");
    }

    @Test
    void aSystemThatGivesNoThreadIsNoDefect() {
        String message = "parallel kernel: thread qk256-9 of 10 could not be started; use fewer threads";
        Throwable refused = new OutOfMemoryError("unable to create native thread");
        assertThat(told(new IllegalStateException(message, refused), ExitCode.FAILED))
                .isEqualToIgnoringNewLines("qk256: " + message);
    }

    /** What the JDK throws then, also when a class registers the hook. */
    @Test
    void aProgramThatASignalEndsIsNoDefect() {
        Throwable refused = new IllegalStateException("Shutdown in progress");
        assertTold(refused, ExitCode.FAILED, "");
        assertTold(new ExceptionInInitializerError(refused), ExitCode.FAILED, "");
    }

    @Test
    void messagesAreOneLineOfText() {
        String told = told(new IOException("a\u001b[2Jb\nc\u202e" + "x".repeat(100_000)), ExitCode.FAILED);
        assertThat(told).startsWith("qk256: a\\u001b[2Jb\\u000ac\\u202exxx").hasSizeLessThan(4000);
        assertThat(told.lines()).hasSize(1);
    }

    private static void assertTold(Throwable thrown, int exit, String message) {
        assertThat(told(thrown, exit)).isEqualTo(message);
    }

    private static String told(Throwable thrown, int exit) {
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        Terminal terminal = Terminal.of(InputStream.nullInputStream(), OutputStream.nullOutputStream(), err);
        assertThat(new Failures(terminal, () -> false).failed(thrown)).isEqualTo(exit);
        return err.toString(StandardCharsets.UTF_8);
    }
}
