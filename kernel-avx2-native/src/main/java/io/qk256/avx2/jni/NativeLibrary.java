package io.qk256.avx2.jni;

import io.qk256.spi.KernelUnavailableException;
import io.qk256.spi.support.CacheDirectory;
import io.qk256.spi.support.Environment;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * Finds and loads the native library, from the first of these sources that works:
 *
 * <ol>
 *   <li>the file named by the system property {@value #PATH}; if that fails, nothing else is tried
 *   <li>{@code java.library.path}
 *   <li>this module's jar, through a {@link TemporaryFile} in the directory named by the system property
 *       {@value #DIRECTORY} or the environment variable {@value #DIRECTORY_VARIABLE}; if neither is set, in the
 *       {@link CacheDirectory} of the project, then in a directory in {@code java.io.tmpdir}
 * </ol>
 *
 * <p>The message of a failure has the reason for each failed step. Loading is thread-safe and happens at most once per
 * class loader.
 */
final class NativeLibrary {

    static final String PATH = "qk256.native.path";
    static final String DIRECTORY = "qk256.native.dir";
    static final String DIRECTORY_VARIABLE = "QK256_NATIVE_DIR";

    private static final String NAME = "qk256_avx2";
    private static final String NOT_EXECUTABLE = "failed to map segment";

    @SuppressWarnings("restricted") // Loading native code is what this module is for.
    private static final Linker SYSTEM = new Linker() {
        @Override
        public void load(Path file) {
            System.load(file.toString());
        }

        @Override
        public void loadLibrary(String name) {
            System.loadLibrary(name);
        }
    };

    private static Optional<String> loadedFrom = Optional.empty();

    private final Platform platform;
    private final Function<String, Optional<String>> properties;
    private final Function<String, Optional<String>> environment;
    private final Linker linker;
    private final List<String> failures = new ArrayList<>();

    /** Loads libraries; throws {@link UnsatisfiedLinkError} if it cannot. */
    interface Linker {

        /** Loads a file. */
        void load(Path file);

        /** Loads a library from {@code java.library.path}. */
        void loadLibrary(String name);
    }

    NativeLibrary(
            Platform platform,
            Function<String, Optional<String>> properties,
            Function<String, Optional<String>> environment,
            Linker linker) {
        this.platform = platform;
        this.properties = properties;
        this.environment = environment;
        this.linker = linker;
    }

    /**
     * Loads the library unless it is already loaded.
     *
     * @return where it came from
     * @throws KernelUnavailableException if it cannot be loaded, or comes from another build than this class
     */
    static synchronized String load() throws KernelUnavailableException {
        if (loadedFrom.isEmpty()) {
            Platform platform = Platform.current();
            NativeLibrary library = new NativeLibrary(platform, Environment::property, Environment::variable, SYSTEM);
            loadedFrom = Optional.of(library.find(inJar(platform)));
        }
        requireAbi(loadedFrom.get());
        return loadedFrom.get();
    }

    /** Returns the library in the jar for a platform. */
    static Optional<byte[]> inJar(Platform platform) {
        try (InputStream in = NativeLibrary.class.getResourceAsStream(platform + "/" + System.mapLibraryName(NAME))) {
            return in == null ? Optional.empty() : Optional.of(in.readAllBytes());
        } catch (IOException e) {
            throw new UncheckedIOException("the native library in the jar cannot be read", e);
        }
    }

    /**
     * Searches for the library and loads it.
     *
     * @param inJar the library in the jar
     */
    String find(Optional<byte[]> inJar) throws KernelUnavailableException {
        try {
            Optional<String> given = properties.apply(PATH);
            if (given.isPresent()) {
                return given(given.get());
            }
            if (isOnLibraryPath()) {
                return "java.library.path";
            }
            extract(inJar.orElseThrow(this::absent));
            return "its jar";
        } catch (IllegalCallerException e) {
            Module module = NativeLibrary.class.getModule();
            throw new KernelUnavailableException(
                    "this JVM does not let the module load native code (" + e.getMessage()
                            + "); start it with --enable-native-access="
                            + (module.isNamed() ? module.getName() : "ALL-UNNAMED"),
                    e);
        }
    }

    private String given(String value) throws KernelUnavailableException {
        Path file = Path.of(value).toAbsolutePath();
        if (!Files.isRegularFile(file)) {
            throw new KernelUnavailableException(
                    "-D" + PATH + "=" + value + ": there is no such file; name the library itself, or leave it out");
        }
        try {
            linker.load(file);
            return file.toString();
        } catch (UnsatisfiedLinkError e) {
            throw new KernelUnavailableException(
                    "-D" + PATH + "=" + value + ": " + words(e) + "; name a library that was built for " + platform
                            + ", or leave it out",
                    e);
        }
    }

    private boolean isOnLibraryPath() {
        try {
            linker.loadLibrary(NAME);
            return true;
        } catch (UnsatisfiedLinkError e) {
            String words = words(e);
            failures.add(words.startsWith("no " + NAME) ? "it is not on java.library.path" : words);
            return false;
        }
    }

    private void extract(byte[] library) throws KernelUnavailableException {
        Optional<String> configured = properties.apply(DIRECTORY).or(() -> environment.apply(DIRECTORY_VARIABLE));
        List<Path> directories = configured
                .map(value -> List.of(Path.of(value)))
                .orElseGet(() -> Stream.concat(
                                CacheDirectory.find(properties.apply("os.name").orElse(""), properties, environment)
                                        .stream(),
                                Stream.of(temporary()))
                        .toList());
        for (Path directory : directories) {
            try (TemporaryFile file = TemporaryFile.in(directory.toAbsolutePath(), configured.isEmpty(), library)) {
                linker.load(file.path());
                return;
            } catch (IOException | UnsatisfiedLinkError e) {
                failures.add(reason(directory.toAbsolutePath(), e));
            }
        }
        throw new KernelUnavailableException("the native library could not be loaded: " + String.join("; ", failures)
                + "; set -D" + DIRECTORY + "=DIR (or " + DIRECTORY_VARIABLE
                + ") to a directory that this user may write to and run code from, or -D" + PATH
                + "=FILE to the library");
    }

    private Path temporary() {
        String user = properties.apply("user.name").orElse("").replaceAll("[^A-Za-z0-9._-]", "_");
        return Path.of(properties.apply("java.io.tmpdir").orElse(""), "qk256-" + user);
    }

    private KernelUnavailableException absent() {
        return new KernelUnavailableException(
                platform.isX86()
                        ? "this jar was built without its native library for " + platform
                                + " (no C compiler was found, or it was built on another system), and "
                                + failures.getFirst() + "; install gcc or clang and rebuild, or set -D" + PATH + "=FILE"
                        : "this kernel is machine code for x86_64, and this JVM runs on " + platform
                                + "; use another kernel");
    }

    private static String reason(Path directory, Throwable thrown) {
        // The message of a file system exception is often just the file name.
        String words = thrown instanceof FileSystemException e
                ? e.getClass().getSimpleName().replace("Exception", "") + " " + e.getMessage()
                : words(thrown);
        return words.contains(directory.toString()) ? words : directory + ": " + words;
    }

    /** The system's message without the file name that the JVM puts before it: the message starts with it already. */
    private static String words(Throwable thrown) {
        String words = String.valueOf(thrown.getMessage()).replaceFirst("^(.+: )\\1", "$1");
        return words.contains(NOT_EXECUTABLE) ? words + " (a file system that is mounted noexec?)" : words;
    }

    private static void requireAbi(String origin) throws KernelUnavailableException {
        try {
            requireAbi(origin, Native.abi());
        } catch (UnsatisfiedLinkError e) {
            throw new KernelUnavailableException(
                    origin + " is not the library of this kernel (" + e.getMessage()
                            + "); remove it, or name another one with -D" + PATH,
                    e);
        }
    }

    static void requireAbi(String origin, int seen) throws KernelUnavailableException {
        if (seen != Native.ABI) {
            throw new KernelUnavailableException("the native library from " + origin + " has interface version " + seen
                    + ", this module needs " + Native.ABI + "; remove it, or use the one from the same build");
        }
    }
}
