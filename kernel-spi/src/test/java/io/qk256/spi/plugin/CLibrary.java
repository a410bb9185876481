package io.qk256.spi.plugin;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/** A C library for a test, which is skipped if there is no C compiler. */
final class CLibrary {

    /** Not the temporary directory: if it is mounted noexec, nothing can be loaded from it. */
    private static final Path DIRECTORY = Path.of("target", "test-native").toAbsolutePath();

    private CLibrary() {}

    static Path compile(String name, String text) throws IOException, InterruptedException {
        Optional<String> compiler = Stream.of(System.getenv("CC"), "cc", "gcc", "clang")
                .filter(Objects::nonNull)
                .filter(command -> exitCode(command, "--version") == 0)
                .findFirst();
        assumeTrue(compiler.isPresent(), "no C compiler: none of CC, cc, gcc and clang runs");
        Path source = Files.writeString(Files.createDirectories(DIRECTORY).resolve(name + ".c"), text);
        Path library = DIRECTORY.resolve(System.mapLibraryName(name));
        int exit = exitCode(compiler.get(), "-shared", "-fPIC", source.toString(), "-o", library.toString());
        if (exit != 0) {
            throw new IllegalStateException(compiler.get() + " failed on " + source);
        }
        return library;
    }

    private static int exitCode(String command, String... arguments) {
        String[] all = Stream.concat(Stream.of(command), Stream.of(arguments)).toArray(String[]::new);
        try {
            return new ProcessBuilder(all)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start()
                    .waitFor();
        } catch (IOException e) {
            return -1;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return -1;
        }
    }
}
