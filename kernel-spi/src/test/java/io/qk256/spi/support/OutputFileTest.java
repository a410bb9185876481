package io.qk256.spi.support;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIOException;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OutputFileTest {

    private static final String OLD_PART = "qk256-0c8d25f2-8f42-4d2e-9f2c-3a5b1c7d9e01.part";

    @TempDir
    private Path dir;

    @Test
    void aFileAppearsWhole() throws IOException {
        Path file = dir.resolve("new");
        OutputFile.of(file).write(out -> {
            out.write(new byte[] {1, 2, 3});
            assertThat(file).doesNotExist();
            out.pad(8);
            out.pad(8);
        });
        assertThat(file).hasBinaryContent(new byte[] {1, 2, 3, 0, 0, 0, 0, 0});
        assertThat(names()).containsExactly("new");
    }

    @Test
    void whatFailsLeavesTheFileAsItWas() throws IOException {
        Path file = Files.writeString(dir.resolve("old"), "old");
        assertThatIOException()
                .isThrownBy(() -> OutputFile.of(file).write(out -> {
                    out.write(new byte[100]);
                    throw new IOException("in the content");
                }))
                .withMessage("in the content");
        assertThat(file).hasContent("old");
        assertThat(names()).containsExactly("old");
    }

    @ParameterizedTest
    @ValueSource(strings = {"rw-------", "rw-r-----", "rwxr-xr-x", "rw-rw-rw-"})
    void theModeOfAReplacedFileIsKept(String mode) throws IOException {
        Path file = Files.writeString(dir.resolve("old"), "old");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
        OutputFile.of(file).write(out -> {
            out.write("new".getBytes(StandardCharsets.UTF_8));
            assertThat(parts())
                    .singleElement()
                    .satisfies(part -> assertThat(mode(part))
                            .as("nobody else reads it meanwhile")
                            .isEqualTo("rw-------"));
        });
        assertThat(file).hasContent("new");
        assertThat(mode(file)).isEqualTo(mode);
    }

    @Test
    void theOwnerOfAReplacedFileIsKeptWhereThatIsAllowed() throws IOException {
        Nodes.assumeRoot();
        Path file = Files.writeString(dir.resolve("old"), "old");
        Files.setAttribute(file, "unix:uid", 12_345);
        Files.setAttribute(file, "unix:gid", 23_456);
        OutputFile.of(file).write("new");
        assertThat(file).hasContent("new");
        assertThat(Files.getAttribute(file, "unix:uid")).isEqualTo(12_345);
        assertThat(Files.getAttribute(file, "unix:gid")).isEqualTo(23_456);
    }

    @Test
    void linksAreFollowed() throws IOException {
        Path target =
                Files.writeString(Files.createDirectory(dir.resolve("sub")).resolve("target"), "old");
        Path second = Files.createSymbolicLink(dir.resolve("sub/second"), Path.of("../sub/target"));
        Path first = Files.createSymbolicLink(dir.resolve("first"), Path.of("sub/second"));
        OutputFile.of(first).write("new");
        assertThat(target).isRegularFile().hasContent("new");
        assertThat(first).isSymbolicLink();
        assertThat(second).isSymbolicLink();
    }

    @Test
    void aLinkToNothingMakesWhatItNames() throws IOException {
        Path link = Files.createSymbolicLink(dir.resolve("link"), Path.of("made"));
        OutputFile.of(link).write("new");
        assertThat(link).isSymbolicLink();
        assertThat(dir.resolve("made")).hasContent("new");
    }

    @Test
    void linksInACircleAreRefused() throws IOException {
        Path a = Files.createSymbolicLink(dir.resolve("a"), Path.of("b"));
        Files.createSymbolicLink(dir.resolve("b"), Path.of("a"));
        assertThatIOException()
                .isThrownBy(() -> OutputFile.of(a).write("new"))
                .withMessageStartingWith(a + ": cannot be written: ");
        assertThatIOException().isThrownBy(OutputFile.of(a)::requireWritable);
    }

    @Test
    void aNameAsLongAsTheFileSystemAllowsCanBeWritten() throws IOException {
        Path file = dir.resolve("x".repeat(255));
        OutputFile.of(file).write("new");
        assertThat(file).hasContent("new");
    }

    @Test
    void requireWritableMakesNothingAndNamesTheObstacle() throws IOException {
        OutputFile.of(dir.resolve("new")).requireWritable();
        OutputFile.in(dir.resolve("a/b"), "new").requireWritable();
        assertThat(names()).isEmpty();
        Path file = Files.writeString(dir.resolve("file"), "old");
        OutputFile.of(file).requireWritable();
        assertThat(file).hasContent("old");

        refused(OutputFile.of(dir.resolve("no/x")), "no/x: cannot be written: there is no directory " + dir + "/no;");
        refused(OutputFile.of(dir), ": cannot be written: it is a directory;");
        refused(OutputFile.of(file.resolve("x")), "/x: cannot be written: " + file + " is not a directory;");
        refused(OutputFile.in(file.resolve("x"), "y"), "/y: cannot be written: " + file + " is not a directory;");
    }

    private static void refused(OutputFile file, String message) {
        assertThatIOException().isThrownBy(file::requireWritable).withMessageContaining(message);
        assertThatIOException()
                .isThrownBy(() -> file.write("x"))
                .withMessageStartingWith(file + ": cannot be written: ");
    }

    @Test
    void aFileThatMayNotBeWrittenIsNotReplaced() throws IOException {
        Nodes.assumeNotRoot();
        Path file = Files.writeString(dir.resolve("old"), "old");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("r--r--r--"));
        assertThatIOException()
                .isThrownBy(OutputFile.of(file)::requireWritable)
                .withMessageContaining("this user may not write to it");
        assertThatIOException().isThrownBy(() -> OutputFile.of(file).write("new"));
        assertThat(file).hasContent("old");
    }

    @Test
    void directoriesAreMadeWhereThatWasSaid() throws IOException {
        OutputFile.in(dir.resolve("a/b"), "c").write("new");
        assertThat(dir.resolve("a/b/c")).hasContent("new");
    }

    @Test
    void theFileThatIsReadIsNotWritten() throws IOException {
        Path input = Files.writeString(dir.resolve("input"), "old");
        Path symbolic = Files.createSymbolicLink(dir.resolve("symbolic"), Path.of("input"));
        Path hard = Files.createLink(dir.resolve("hard"), input);
        for (Path name : List.of(input, symbolic, hard, dir.resolve("../" + dir.getFileName() + "/input"))) {
            assertThatExceptionOfType(UserError.class)
                    .isThrownBy(() -> OutputFile.of(name).requireOtherThan(input))
                    .withMessage(name + ": is the file to read, " + input + ", expected another one to write");
        }
        OutputFile.of(dir.resolve("other")).requireOtherThan(input);
        OutputFile.of(dir.resolve("other")).requireOtherThan(dir.resolve("missing"));
        OutputFile.of(Path.of("/dev/null")).requireOtherThan(Path.of("/dev/null"));
    }

    @Test
    void aDashIsStandardOutputOrRefused() throws IOException {
        OutputFile dash = OutputFile.orStandardOutput(Path.of("-"));
        assertThat(dash.isStandardOutput()).isTrue();
        assertThat(dash).hasToString("standard output");
        dash.requireWritable();
        assertThat(OutputFile.orStandardOutput(Path.of("./-")).isStandardOutput())
                .isFalse();
        assertThat(OutputFile.of(Path.of("/dev/stdout")).isStandardOutput()).isTrue();
        assertThat(OutputFile.of(Path.of("/proc/self/fd/1")).isStandardOutput()).isTrue();
        assertThatExceptionOfType(UserError.class).isThrownBy(() -> OutputFile.of(Path.of("-")));
    }

    @Test
    void whatAKilledProcessLeftIsDeleted() throws IOException {
        Path part = Files.writeString(dir.resolve(OLD_PART), "");
        Path foreign = Files.writeString(dir.resolve("movie.part"), "");
        Files.setLastModifiedTime(foreign, FileTime.from(Instant.EPOCH));
        OutputFile.of(dir.resolve("new")).write("new");
        assertThat(part).as("it may be about to be locked").exists();

        Files.setLastModifiedTime(part, FileTime.from(Instant.EPOCH));
        OutputFile.of(dir.resolve("new")).write("new");
        assertThat(part).doesNotExist();
        assertThat(foreign).exists();
    }

    @Test
    void whatAnotherIsWritingIsNotDeleted() throws IOException {
        Path part = Files.writeString(dir.resolve(OLD_PART), "");
        Files.setLastModifiedTime(part, FileTime.from(Instant.EPOCH));
        try (FileChannel other = FileChannel.open(part, StandardOpenOption.WRITE)) {
            other.lock();
            OutputFile.of(dir.resolve("new")).write("new");
            assertThat(part).exists();
        }
        OutputFile.of(dir.resolve("outer")).write(out -> {
            Path mine = parts().getFirst();
            Files.setLastModifiedTime(mine, FileTime.from(Instant.EPOCH));
            OutputFile.of(dir.resolve("inner")).write("inner");
            assertThat(mine).exists();
        });
        assertThat(names()).contains("outer", "inner");
    }

    private List<Path> parts() throws IOException {
        try (Stream<Path> files = Files.list(dir)) {
            return files.filter(file -> file.toString().endsWith(".part")).toList();
        }
    }

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(dir)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    private static String mode(Path file) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(file, LinkOption.NOFOLLOW_LINKS));
    }
}
