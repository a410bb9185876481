package io.qk256.avx2.jni;

import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;

/**
 * What differs between systems. The build writes the library under the same names.
 *
 * @param os {@code linux}, {@code macos} or {@code windows}, or what another system calls itself
 * @param arch {@code x86_64}, or what another machine is called
 */
record Platform(String os, String arch) {

    static Platform current() {
        return of(System.getProperty("os.name", ""), System.getProperty("os.arch", ""));
    }

    /** Reads the properties {@code os.name} and {@code os.arch}. */
    static Platform of(String osName, String osArch) {
        String os = osName.toLowerCase(Locale.ROOT);
        String arch = osArch.toLowerCase(Locale.ROOT);
        return new Platform(
                os.startsWith("mac") ? "macos" : os.startsWith("windows") ? "windows" : os.replace(' ', '-'),
                arch.equals("amd64") ? "x86_64" : arch);
    }

    boolean isX86() {
        return arch.equals("x86_64");
    }

    /** Where each user's caches are by the habit of the system; empty if the system does not say. */
    Optional<Path> userCache(Function<String, Optional<String>> environment, Optional<String> home) {
        Optional<Path> absoluteHome = home.map(Path::of).filter(Path::isAbsolute);
        return switch (os) {
            case "windows" -> environment.apply("LOCALAPPDATA").map(Path::of);
            case "macos" -> absoluteHome.map(path -> path.resolve("Library/Caches"));
            default ->
                environment
                        .apply("XDG_CACHE_HOME")
                        .map(Path::of)
                        .filter(Path::isAbsolute) // The XDG specification has relative ones ignored.
                        .or(() -> absoluteHome.map(path -> path.resolve(".cache")));
        };
    }

    @Override
    public String toString() {
        return os + "-" + arch;
    }
}
