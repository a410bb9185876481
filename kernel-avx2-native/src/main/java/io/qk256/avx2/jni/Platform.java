package io.qk256.avx2.jni;

import java.util.Locale;

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

    @Override
    public String toString() {
        return os + "-" + arch;
    }
}
