package io.qk256.avx2.jni;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LibraryFileTest {

    private static final byte[] CONTENT = "a library".getBytes(StandardCharsets.UTF_8);

    @TempDir
    private Path directory;

    private final LibraryFile library = new LibraryFile(CONTENT, ".so");

    @Test
    void theNameHoldsTheHashOfTheContent() {
        // printf 'a library' | sha256sum
        assertThat(library.name()).isEqualTo("libqk256_avx2-31f109ab38348582.so");
    }

    @Test
    void aNewDirectoryIsTheOwnersAlone() throws IOException {
        assumePosix();
        Path made = directory.resolve("some/where");

        Path file = library.inPrivate(made);

        assertThat(file).hasParent(made).hasBinaryContent(CONTENT);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(made)))
                .isEqualTo("rwx------");
    }

    @Test
    void anIntactFileIsUsedAsItIs() throws IOException {
        Path file = library.in(directory);
        FileTime past = FileTime.fromMillis(1_000_000);
        Files.setLastModifiedTime(file, past);

        assertThat(library.in(directory)).isEqualTo(file);
        assertThat(Files.getLastModifiedTime(file)).isEqualTo(past);
    }

    @Test
    void aFileOfTheSameSizeWithOtherContentIsReplaced() throws IOException {
        Path file = library.in(directory);
        Files.writeString(file, "A LIBRARY");

        assertThat(library.in(directory)).isEqualTo(file).hasBinaryContent(CONTENT);
    }

    @Test
    void aTruncatedFileIsReplaced() throws IOException {
        Path file = library.in(directory);
        Files.writeString(file, "");

        assertThat(library.in(directory)).isEqualTo(file).hasBinaryContent(CONTENT);
    }

    @Test
    void nothingElseIsLeftBehind() throws IOException {
        Path file = library.inPrivate(directory.resolve("made"));

        try (var files = Files.list(directory.resolve("made"))) {
            assertThat(files).containsExactly(file);
        }
    }

    @Test
    void aDefaultDirectoryThatOthersMayWriteToIsRefused() throws IOException {
        assumePosix();
        Path shared = Files.createDirectory(directory.resolve("shared"));
        Files.setPosixFilePermissions(shared, PosixFilePermissions.fromString("rwxrwxrwx"));

        assertThatThrownBy(() -> library.inPrivate(shared))
                .isInstanceOf(FileSystemException.class)
                .hasMessage(shared + ": others than its owner may write to the directory");
        assertThat(shared).isEmptyDirectory();
        assertThat(library.in(shared)).hasBinaryContent(CONTENT);
    }

    @Test
    void aFileInPlaceOfTheDirectoryIsAnError() throws IOException {
        Path file = Files.writeString(directory.resolve("file"), "not a directory");

        assertThatThrownBy(() -> library.in(file))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(file.toString());
        assertThatThrownBy(() -> library.in(file.resolve("below")))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(file.toString());
    }

    @Test
    void manyMayStartAtOnce() throws Exception {
        int starters = 8;
        CyclicBarrier start = new CyclicBarrier(starters);
        List<Future<Path>> files = new ArrayList<>();
        try (ExecutorService threads = Executors.newFixedThreadPool(starters)) {
            for (int i = 0; i < starters; i++) {
                Callable<Path> starter = () -> {
                    start.await();
                    Path file = library.in(directory);
                    assertThat(file).hasBinaryContent(CONTENT);
                    return file;
                };
                files.add(threads.submit(starter));
            }
        }
        for (Future<Path> file : files) {
            assertThat(file.get()).isEqualTo(directory.resolve(library.name()));
        }
    }

    private void assumePosix() {
        assumeTrue(directory.getFileSystem().supportedFileAttributeViews().contains("posix"), "a POSIX file system");
    }
}
