package io.qk256.app.certificates;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.qk256.spi.Contract;
import io.qk256.spi.selection.Artifact;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Finds certificates: reports of the compatibility kit, named {@code *.certificate.json}, that a jar with a given SHA-256
 * passed this major version of the contract. Any other file is ignored: a broken file certifies nothing.
 */
public final class Certificates {

    /** The directory in which the application keeps certificates. */
    public static final String DIRECTORY = ".qk256/certificates";

    private static final String ENDING = ".certificate.json";

    private Certificates() {}

    /**
     * Finds the certificate of a module by its hash: in the directory that holds its jar or folder, in the folder itself, or in
     * {@link #DIRECTORY}. Computes the hash only if there are any certificates.
     */
    public static Optional<Certificate> of(Artifact artifact) {
        if (artifact.origin().isEmpty()) {
            return Optional.empty();
        }
        try {
            Path origin = Path.of(artifact.origin()).toAbsolutePath();
            List<Path> directories = Stream.of(origin.getParent(), origin, Path.of(DIRECTORY))
                    .filter(Objects::nonNull)
                    .filter(Certificates::mayHoldSome)
                    .toList();
            return directories.isEmpty()
                    ? Optional.empty()
                    : artifact.sha256()
                            .flatMap(hash -> directories.stream()
                                    .flatMap(directory -> find(directory, hash).stream())
                                    .findFirst());
        } catch (InvalidPathException e) { // Not a file, such as a location in a run-time image.
            return Optional.empty();
        }
    }

    /** Finds the certificate of the jar with this SHA-256, in lower-case hexadecimal. */
    public static Optional<Certificate> find(Path directory, String sha256) {
        return files(directory).stream()
                .flatMap(file -> read(file).stream())
                .filter(certificate -> certificate.sha256().equals(sha256))
                .findFirst();
    }

    private static boolean mayHoldSome(Path directory) {
        return !files(directory).isEmpty();
    }

    private static List<Path> files(Path directory) {
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(file -> file.toString().endsWith(ENDING))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            return List.of();
        }
    }

    private static Optional<Certificate> read(Path file) {
        try {
            JsonObject report = JsonParser.parseString(Files.readString(file)).getAsJsonObject();
            boolean passed = report.get("format").getAsString().equals("qk256-tck-report")
                    && report.get("verdict").getAsString().equals("passed")
                    && report.get("complete").getAsBoolean()
                    && generation(report.get("contract").getAsString()).equals(generation(Contract.VERSION));
            return passed ? Optional.of(certificate(file, report)) : Optional.empty();
        } catch (IOException | RuntimeException e) {
            // Not a certificate: a field is missing or has the wrong type.
            return Optional.empty();
        }
    }

    private static Certificate certificate(Path file, JsonObject report) {
        return new Certificate(
                file,
                report.get("sha256").getAsString(),
                report.get("provider").getAsString(),
                report.get("contract").getAsString(),
                report.get("cpu").getAsString(),
                report.get("jdk").getAsString(),
                report.get("date").getAsString());
    }

    /** Versions of the contract with the same generation are compatible: the major version, or before 1.0 the whole version. */
    private static String generation(String version) {
        return version.startsWith("0.") ? version : version.substring(0, Math.max(0, version.indexOf('.')));
    }
}
