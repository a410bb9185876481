package io.qk256.avx2.jni;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TemporaryFileTest {

    private static final byte[] CONTENT = "a library".getBytes(StandardCharsets.UTF_8);

    @TempDir
    private Path directory;

    @Test
    void aNewDirectoryIsTheOwnersAloneAndSoIsTheFile() throws IOException {
        assumePosix();
        Path made = directory.resolve("some/where");

        try (TemporaryFile file = TemporaryFile.in(made, true, CONTENT)) {
            assertThat(file.path()).hasParent(made).hasBinaryContent(CONTENT);
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(made)))
                    .isEqualTo("rwx------");
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file.path())))
                    .isEqualTo("rw-------");
        }
        assertThat(made).isEmptyDirectory();
    }

    @Test
    void eachHasANameOfItsOwn() throws IOException {
        try (TemporaryFile one = TemporaryFile.in(directory, false, CONTENT);
                TemporaryFile other = TemporaryFile.in(directory, false, CONTENT)) {
            assertThat(one.path()).isNotEqualTo(other.path());
            assertThat(one.path().toString()).endsWith("-" + System.mapLibraryName("avx2"));
        }
    }

    @Test
    void aDefaultDirectoryThatOthersMayWriteToIsRefused() throws IOException {
        assumePosix();
        Path shared = Files.createDirectory(directory.resolve("shared"));
        Files.setPosixFilePermissions(shared, PosixFilePermissions.fromString("rwxrwxrwx"));

        assertThatThrownBy(() -> TemporaryFile.in(shared, true, CONTENT))
                .isInstanceOf(FileSystemException.class)
                .hasMessage(shared + ": users other than its owner may write to the directory");
        assertThat(shared).isEmptyDirectory();
        try (TemporaryFile file = TemporaryFile.in(shared, false, CONTENT)) {
            assertThat(file.path()).hasBinaryContent(CONTENT);
        }
    }

    @Test
    void aFileInPlaceOfTheDirectoryIsAnError() throws IOException {
        Path file = Files.writeString(directory.resolve("file"), "not a directory");

        assertThatThrownBy(() -> TemporaryFile.in(file, false, CONTENT))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(file.toString());
        assertThatThrownBy(() -> TemporaryFile.in(file.resolve("below"), false, CONTENT))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(file.toString());
    }

    private void assumePosix() {
        assumeTrue(directory.getFileSystem().supportedFileAttributeViews().contains("posix"), "a POSIX file system");
    }
}
