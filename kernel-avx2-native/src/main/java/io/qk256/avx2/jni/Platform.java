package io.qk256.avx2.jni;

import java.util.Locale;

/**
 * The operating system and machine. The build stores the library under the same names.
 *
 * @param os {@code linux}, {@code macos}, {@code windows}, or the name that another system reports
 * @param arch {@code x86_64}, or the name that another machine reports
 */
record Platform(String os, String arch) {

    static Platform current() {
        return of(System.getProperty("os.name", ""), System.getProperty("os.arch", ""));
    }

    /** Returns the platform for values of {@code os.name} and {@code os.arch}. */
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

    @Override
    public String toString() {
        return os + "-" + arch;
    }
}
