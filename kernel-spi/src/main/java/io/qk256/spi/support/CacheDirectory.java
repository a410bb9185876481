package io.qk256.spi.support;

import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Function;

/**
 * Where the project keeps what it can make again: verdicts on kernels, and the native library, which the system loads
 * from files only. One directory for all of it.
 */
public final class CacheDirectory {

    /** The system property that names the directory. */
    public static final String PROPERTY = "qk256.cache.dir";

    /** The environment variable that names the directory, if the property does not. */
    public static final String VARIABLE = "QK256_CACHE_DIR";

    private CacheDirectory() {}

    /**
     * The directory that the system property names, else the environment variable, else {@code qk256} in the user's
     * directory for caches. Empty if there is none of them. It need not exist.
     *
     * @param osName what the system calls itself, as {@code os.name} has it
     * @param properties {@link Environment#property}, or a test's own
     * @param environment {@link Environment#variable}, or a test's own
     */
    public static Optional<Path> find(
            String osName,
            Function<String, Optional<String>> properties,
            Function<String, Optional<String>> environment) {
        Optional<String> given = properties.apply(PROPERTY).or(() -> environment.apply(VARIABLE));
        if (given.isPresent()) {
            return given.map(Path::of);
        }
        Optional<Path> home = properties.apply("user.home").map(Path::of).filter(Path::isAbsolute);
        Optional<Path> caches = osName.startsWith("Windows")
                ? environment.apply("LOCALAPPDATA").map(Path::of)
                : osName.startsWith("Mac")
                        ? home.map(path -> path.resolve("Library/Caches"))
                        : environment
                                .apply("XDG_CACHE_HOME")
                                .map(Path::of)
                                .filter(Path::isAbsolute) // The XDG specification has relative ones ignored.
                                .or(() -> home.map(path -> path.resolve(".cache")));
        return caches.map(path -> path.resolve("qk256"));
    }
}
