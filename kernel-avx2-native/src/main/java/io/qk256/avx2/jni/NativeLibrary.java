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

/**
 * Finds the native library and has the system load it, from the first of these that works:
 *
 * <ol>
 *   <li>the file that the system property {@value #PATH} names; if that fails, nothing else is tried
 *   <li>{@code java.library.path}
 *   <li>this module's jar, by way of a file in a directory: the one that the system property {@value #DIRECTORY} or the
 *       environment variable {@value #DIRECTORY_VARIABLE} names; else the {@link CacheDirectory} of the project, else one
 *       in {@code java.io.tmpdir}
 * </ol>
 *
 * <p>Every step that fails leaves its reason in the message. Loading is thread-safe and happens at most once for each
 * class loader.
 */
final class NativeLibrary {

    static final String PATH = "qk256.native.path";
    static final String DIRECTORY = "qk256.native.dir";
    static final String DIRECTORY_VARIABLE = "QK256_NATIVE_DIR";

    private static final String NAME = "qk256_avx2";
    private static final String NOT_EXECUTABLE = "failed to map segment";
    private static final String LOADED_ELSEWHERE = "already loaded in another classloader";

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
    private final Optional<byte[]> content;
    private final Linker linker;
    private final List<String> failures = new ArrayList<>();

    /** What the system does; it throws {@link UnsatisfiedLinkError} if it cannot. */
    interface Linker {

        /** Loads a file. */
        void load(Path file);

        /** Loads a library from {@code java.library.path}. */
        void loadLibrary(String name);
    }

    /**
     * A search.
     *
     * @param content the library in the jar
     */
    NativeLibrary(
            Platform platform,
            Function<String, Optional<String>> properties,
            Function<String, Optional<String>> environment,
            Optional<byte[]> content,
            Linker linker) {
        this.platform = platform;
        this.properties = properties;
        this.environment = environment;
        this.content = content;
        this.linker = linker;
    }

    /**
     * Loads the library, unless that is done already.
     *
     * @return where it came from
     * @throws KernelUnavailableException if it cannot be loaded, or is of another build than this class
     */
    static synchronized String load() throws KernelUnavailableException {
        if (loadedFrom.isEmpty()) {
            Platform platform = Platform.current();
            NativeLibrary library =
                    new NativeLibrary(platform, Environment::property, Environment::variable, inJar(platform), SYSTEM);
            loadedFrom = Optional.of(library.find());
        }
        String origin = loadedFrom.get();
        requireAbi(origin);
        return origin;
    }

    /** The library that the build made for a platform. */
    static Optional<byte[]> inJar(Platform platform) {
        try (InputStream in = NativeLibrary.class.getResourceAsStream(platform + "/" + System.mapLibraryName(NAME))) {
            return in == null ? Optional.empty() : Optional.of(in.readAllBytes());
        } catch (IOException e) {
            throw new UncheckedIOException("the native library in the jar cannot be read", e);
        }
    }

    /** Does the search. */
    String find() throws KernelUnavailableException {
        try {
            Optional<String> given = properties.apply(PATH);
            return given.isPresent() ? given(given.get()) : search();
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

    private String search() throws KernelUnavailableException {
        try {
            linker.loadLibrary(NAME);
            return "java.library.path";
        } catch (UnsatisfiedLinkError e) {
            String words = words(e);
            failures.add(words.startsWith("no " + NAME) ? "it is not on java.library.path" : words);
        }
        if (content.isEmpty()) {
            throw new KernelUnavailableException(absence());
        }
        LibraryFile library = new LibraryFile(content.get(), suffix());
        Optional<String> directory = properties.apply(DIRECTORY).or(() -> environment.apply(DIRECTORY_VARIABLE));
        Optional<Path> loaded = directory.isPresent()
                ? extracted(library, Path.of(directory.get()).toAbsolutePath(), false)
                : CacheDirectory.find(properties.apply("os.name").orElse(""), properties, environment)
                        .flatMap(cache -> extracted(library, cache, true))
                        .or(() -> extracted(library, temporary(), true));
        return loaded.map(Path::toString).orElseThrow(this::failed);
    }

    private Optional<Path> extracted(LibraryFile library, Path directory, boolean asPrivate) {
        try {
            Path file = asPrivate ? library.inPrivate(directory) : library.in(directory);
            return Optional.of(linked(library, file));
        } catch (IOException | UnsatisfiedLinkError e) {
            failures.add(reason(directory, e));
            return Optional.empty();
        }
    }

    /** A JVM loads a file for one class loader only; another one, such as a second plugin layer, needs a copy. */
    private Path linked(LibraryFile library, Path file) throws IOException {
        try {
            linker.load(file);
            return file;
        } catch (UnsatisfiedLinkError e) {
            if (!String.valueOf(e.getMessage()).contains(LOADED_ELSEWHERE)) {
                throw e;
            }
        }
        Path copy = library.copyBeside(file);
        linker.load(copy);
        return copy;
    }

    private Path temporary() {
        String user = properties.apply("user.name").orElse("").replaceAll("[^A-Za-z0-9._-]", "_");
        return Path.of(properties.apply("java.io.tmpdir").orElse(""))
                .toAbsolutePath()
                .resolve("qk256-" + user);
    }

    private static String suffix() {
        String file = System.mapLibraryName(NAME);
        return file.substring(file.lastIndexOf('.'));
    }

    private String absence() {
        return platform.isX86()
                ? "this jar was built without its native library for " + platform
                        + " (no C compiler was found, or it was built on another system), and " + failures.getFirst()
                        + "; install gcc or clang and rebuild, or set -D" + PATH + "=FILE"
                : "this kernel is machine code for x86_64, and this JVM runs on " + platform + "; use another kernel";
    }

    private KernelUnavailableException failed() {
        return new KernelUnavailableException("the native library could not be loaded: " + String.join("; ", failures)
                + "; set -D" + DIRECTORY + "=DIR (or " + DIRECTORY_VARIABLE
                + ") to a directory that this user may write to and run code from, or -D" + PATH
                + "=FILE to the library");
    }

    private static String reason(Path directory, Throwable thrown) {
        // The message of a file system exception is often no more than the file.
        String words = thrown instanceof FileSystemException e
                ? e.getClass().getSimpleName().replace("Exception", "") + " " + e.getMessage()
                : words(thrown);
        return words.contains(directory.toString()) ? words : directory + ": " + words;
    }

    /** What the system says, once: it begins with the file, and so does what the JVM puts before it. */
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
                            + "); take it away, or name another" + " one with -D" + PATH,
                    e);
        }
    }

    static void requireAbi(String origin, int seen) throws KernelUnavailableException {
        if (seen != Native.ABI) {
            throw new KernelUnavailableException("the native library from " + origin + " has interface version " + seen
                    + ", this module needs " + Native.ABI + "; take it away, or use the one of the same build");
        }
    }
}
