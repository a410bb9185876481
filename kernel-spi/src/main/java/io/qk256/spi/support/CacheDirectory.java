package io.qk256.spi.support;

import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Function;

/**
 * The project's cache directory, for everything that can be recreated: verdicts on kernels, and the native library,
 * which the system can load only from a file.
 */
public final class CacheDirectory {

    /** The system property that names the directory. */
    public static final String PROPERTY = "qk256.cache.dir";

    /** The environment variable that names the directory if the property does not. */
    public static final String VARIABLE = "QK256_CACHE_DIR";

    private CacheDirectory() {}

    /**
     * Returns the directory that the system property names, otherwise the environment variable, otherwise {@code qk256}
     * in the user's cache directory. Empty if none of them is known. The directory need not exist.
     *
     * @param osName the value of {@code os.name}
     * @param properties {@link Environment#property}, or a replacement in tests
     * @param environment {@link Environment#variable}, or a replacement in tests
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
                                .filter(Path::isAbsolute) // The XDG specification says that relative paths are ignored.
                                .or(() -> home.map(path -> path.resolve(".cache")));
        return caches.map(path -> path.resolve("qk256"));
    }
}
