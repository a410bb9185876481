package com.example.avx512;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.qk256.spi.KernelUnavailableException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NativeLibraryTest {

    private static final byte[] LIBRARY = {0x7F, 'E', 'L', 'F', -1};

    @TempDir
    private Path directory;

    @Test
    void theFileIsThereWhileItIsLoadedAndNoLonger() throws Exception {
        AtomicInteger loads = new AtomicInteger();

        NativeLibrary.extract(LIBRARY, directory, file -> {
            loads.incrementAndGet();
            assertTrue(file.isAbsolute() && file.startsWith(directory), file.toString());
            assertArrayEquals(LIBRARY, bytes(file));
        });

        assertEquals(1, loads.get());
        assertEquals(List.of(), content());
    }

    @Test
    void theDirectoryIsTheOneOfTheApplicationUnlessLibrariesHaveTheirOwn() {
        Map<String, String> properties = new HashMap<>(Map.of("java.io.tmpdir", "/tmp", "qk256.native.dir", " "));
        Map<String, String> environment = new HashMap<>(Map.of("QK256_NATIVE_DIR", "", "QK256_CACHE_DIR", ""));
        assertEquals(Path.of("/tmp"), NativeLibrary.directory(properties::get, environment::get));

        environment.put("QK256_CACHE_DIR", "/all");
        assertEquals(Path.of("/all"), NativeLibrary.directory(properties::get, environment::get));

        environment.put("QK256_NATIVE_DIR", "/native");
        assertEquals(Path.of("/native"), NativeLibrary.directory(properties::get, environment::get));

        properties.put("qk256.native.dir", "/property");
        assertEquals(Path.of("/property"), NativeLibrary.directory(properties::get, environment::get));
    }

    @Test
    void nobodyElseCanWriteWhereItIs() throws Exception {
        assumeTrue(directory.getFileSystem().supportedFileAttributeViews().contains("posix"), "a POSIX file system");

        NativeLibrary.extract(LIBRARY, directory, file -> assertEquals("rwx------", permissions(file.getParent())));
    }

    @Test
    void aDirectoryIsMadeIfItDoesNotExist() throws Exception {
        NativeLibrary.extract(LIBRARY, directory.resolve("not/yet"), file -> assertArrayEquals(LIBRARY, bytes(file)));

        assertTrue(Files.isDirectory(directory.resolve("not/yet")));
    }

    @Test
    void aDirectoryThatCannotBeWrittenToIsNamedWithTheRemedy() throws Exception {
        Path file = Files.writeString(directory.resolve("file"), "in the way");

        assertRefused(file, library -> {}, "cannot be written to " + file, "set -Dqk256.native.dir=DIR");
    }

    @Test
    void aDirectoryThatNoCodeRunsFromIsNamedWithTheRemedy() throws Exception {
        Consumer<Path> linker = file -> {
            throw new UnsatisfiedLinkError(file + ": failed to map segment from shared object");
        };

        assertRefused(
                directory,
                linker,
                "cannot be loaded from " + directory,
                "failed to map segment",
                "noexec",
                "QK256_NATIVE_DIR=DIR to a directory that this user may write to and run code from");
        assertEquals(List.of(), content());
    }

    @Test
    void aJvmThatForbidsNativeCodeIsNamedWithTheRemedy() throws Exception {
        Consumer<Path> linker = file -> {
            throw new IllegalCallerException("Illegal native access from module com.example.avx512");
        };

        assertRefused(directory, linker, "does not let this module", "--enable-native-access=com.example.avx512");
        assertEquals(List.of(), content());
    }

    private static void assertRefused(Path directory, Consumer<Path> linker, String... words) {
        KernelUnavailableException refusal = assertThrows(
                KernelUnavailableException.class, () -> NativeLibrary.extract(LIBRARY, directory, linker));
        for (String word : words) {
            assertTrue(refusal.getMessage().contains(word), refusal.getMessage() + " should contain: " + word);
        }
    }

    private List<Path> content() throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.toList();
        }
    }

    private static byte[] bytes(Path file) {
        try {
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String permissions(Path file) {
        try {
            return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
