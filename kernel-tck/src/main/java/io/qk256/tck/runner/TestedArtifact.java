package io.qk256.tck.runner;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.qk256.spi.selection.Artifact;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.stream.Stream;

/**
 * What was tested.
 *
 * @param module the provider's module
 * @param version the module's version, empty if it has none
 * @param file the jar, or a directory of classes
 * @param contract the contract version that it was built for
 * @param sha256 the hash of the jar; for a plugin's folder, the hash of the lines that {@code sha256sum *.jar} prints
 *     in it; empty for a directory of classes
 * @param nativeLibraries the SHA-256 of each native library in the jar
 */
record TestedArtifact(
        String module,
        String version,
        String file,
        String contract,
        Optional<String> sha256,
        Map<String, String> nativeLibraries) {

    /**
     * Returns the artifact of a provider.
     *
     * @param plugin the jar or folder that it was found in, if it was a plugin
     */
    static TestedArtifact of(Event provider, Optional<Path> plugin) throws IOException {
        Path file = Path.of(provider.field(2));
        Optional<Path> folder = plugin.filter(Files::isDirectory)
                .filter(path -> Files.isRegularFile(file)
                        && path.toAbsolutePath().equals(file.toAbsolutePath().getParent()));
        boolean isJar = Files.isRegularFile(file);
        return new TestedArtifact(
                provider.field(0),
                provider.field(1),
                provider.field(2),
                provider.field(3),
                folder.isPresent()
                        ? Optional.of(sha256OfFolder(folder.get()))
                        : isJar ? Optional.of(Artifact.sha256(file)) : Optional.empty(),
                isJar ? nativeLibraries(file) : Map.of());
    }

    private static String sha256OfFolder(Path folder) throws IOException {
        StringBuilder lines = new StringBuilder();
        try (Stream<Path> files = Files.list(folder)) {
            for (Path jar : files.filter(file -> file.toString().endsWith(".jar"))
                    .sorted()
                    .toList()) {
                lines.append(Artifact.sha256(jar))
                        .append("  ")
                        .append(jar.getFileName())
                        .append('\n');
            }
        }
        return Artifact.sha256(lines.toString().getBytes(UTF_8));
    }

    private static Map<String, String> nativeLibraries(Path jar) throws IOException {
        Map<String, String> libraries = new TreeMap<>();
        try (JarFile entries = new JarFile(jar.toFile())) {
            for (JarEntry entry : entries.stream().toList()) {
                if (entry.getName().matches(".*\\.(so|dll|dylib)")) {
                    try (InputStream content = entries.getInputStream(entry)) {
                        libraries.put(entry.getName(), Artifact.sha256(content.readAllBytes()));
                    }
                }
            }
        }
        return libraries;
    }
}
