package com.example.avx512;

import io.qk256.spi.KernelUnavailableException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * Loads the library that the build put into the jar. The system's linker loads only files, so the library is written to a new
 * directory that nobody else can write to, and deleted once it is loaded. This needs no write access to the installation, works
 * for any number of JVMs and class loaders at once, and leaves nothing behind.
 */
final class NativeLibrary {

    /** The directory for native libraries, as for the built-in kernel; the environment variable is used if this is not set. */
    static final String DIRECTORY = "qk256.native.dir";

    static final String DIRECTORY_VARIABLE = "QK256_NATIVE_DIR";

    /** The application's cache directory; if it is not set either, the temporary directory is used. */
    static final String CACHE = "qk256.cache.dir";

    static final String CACHE_VARIABLE = "QK256_CACHE_DIR";

    private static final String FILE = System.mapLibraryName("kernel_avx512");

    private static boolean loaded;

    private NativeLibrary() {}

    /**
     * Loads the library unless it is already loaded. Thread-safe.
     *
     * @throws KernelUnavailableException if it cannot be loaded; the message says what to do
     */
    static synchronized void load() throws KernelUnavailableException {
        if (!loaded) {
            extract(inJar(), directory(System::getProperty, System::getenv), NativeLibrary::link);
            loaded = true;
        }
    }

    /** Reads the library from the jar. */
    static byte[] inJar() throws KernelUnavailableException {
        try (InputStream in = NativeLibrary.class.getResourceAsStream(FILE)) {
            if (in == null) {
                throw new KernelUnavailableException(
                        "the jar holds no " + FILE + "; build it on x86-64 and for the system that runs it");
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new KernelUnavailableException(FILE + " cannot be read from the jar: " + e + "; copy the jar again", e);
        }
    }

    /** A blank value counts as not set. */
    static Path directory(UnaryOperator<String> properties, UnaryOperator<String> environment) {
        return Stream.of(
                        properties.apply(DIRECTORY),
                        environment.apply(DIRECTORY_VARIABLE),
                        properties.apply(CACHE),
                        environment.apply(CACHE_VARIABLE),
                        properties.apply("java.io.tmpdir"))
                .filter(value -> value != null && !value.isBlank())
                .map(Path::of)
                .findFirst()
                .orElseThrow();
    }

    @SuppressWarnings("restricted") // Loading native code is what this module is for.
    private static void link(Path file) {
        System.load(file.toString());
    }

    /**
     * Writes the library to a file while the system loads it.
     *
     * @param directory where to write it; created if it does not exist
     * @param linker loads a file, or throws {@link UnsatisfiedLinkError}, or {@link IllegalCallerException} if the JVM does
     *     not let this module load native code
     */
    static void extract(byte[] library, Path directory, Consumer<Path> linker) throws KernelUnavailableException {
        try {
            // On POSIX systems only the owner can access a temporary directory.
            Path own = Files.createTempDirectory(Files.createDirectories(directory.toAbsolutePath()), "qk256-");
            Path file = own.resolve(FILE);
            try {
                linker.accept(Files.write(file, library));
            } finally {
                delete(file);
                delete(own);
            }
        } catch (IOException e) {
            throw new KernelUnavailableException(
                    "the native library cannot be written to " + directory + " (" + e + "); " + remedy(), e);
        } catch (UnsatisfiedLinkError e) {
            throw new KernelUnavailableException(
                    "the native library cannot be loaded from " + directory + " (" + e.getMessage()
                            + "); if that is mounted noexec, " + remedy(),
                    e);
        } catch (IllegalCallerException e) {
            Module module = NativeLibrary.class.getModule(); // On the class path it has no name.
            throw new KernelUnavailableException(
                    "the JVM does not let this module load native code (" + e.getMessage() + "); start it with"
                            + " --enable-native-access=" + (module.isNamed() ? module.getName() : "ALL-UNNAMED"),
                    e);
        }
    }

    private static String remedy() {
        return "set -D" + DIRECTORY + "=DIR or " + DIRECTORY_VARIABLE
                + "=DIR to a directory that this user may write to and run code from";
    }

    /** Windows does not delete a library that is in use, so deletion is retried when the JVM ends. */
    private static void delete(Path path) {
        if (!path.toFile().delete()) {
            path.toFile().deleteOnExit();
        }
    }
}
