package io.qk256.app.certificates;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.qk256.spi.Contract;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Looks for certificates: reports of the compatibility kit, named {@code *.certificate.json}, that say that the jar of a
 * SHA-256 passed the contract of this major version. What is no such report is passed over: a broken file certifies
 * nothing.
 */
public final class Certificates {

    /** Where the application keeps certificates. */
    public static final String DIRECTORY = ".qk256/certificates";

    private static final String ENDING = ".certificate.json";

    private Certificates() {}

    /** The certificate of a jar, from the jar's own directory or from {@link #DIRECTORY}. */
    public static Optional<Certificate> of(Path jar) {
        if (!Files.isRegularFile(jar)) {
            return Optional.empty();
        }
        List<Path> directories = Stream.of(jar.toAbsolutePath().getParent(), Path.of(DIRECTORY))
                .filter(Certificates::mayHoldSome)
                .toList();
        if (directories.isEmpty()) {
            return Optional.empty();
        }
        try {
            String sha256 = sha256(jar);
            return directories.stream()
                    .flatMap(directory -> find(directory, sha256).stream())
                    .findFirst();
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** The certificate of a jar with this SHA-256, in lower case hexadecimal. */
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
                    && major(report.get("contract").getAsString()).equals(major(Contract.VERSION));
            return passed ? Optional.of(certificate(file, report)) : Optional.empty();
        } catch (IOException | RuntimeException e) {
            // Not such a report: a part is missing, or of another kind.
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

    private static String major(String version) {
        return version.substring(0, Math.max(0, version.indexOf('.')));
    }

    private static String sha256(Path file) throws IOException {
        try (InputStream content = Files.newInputStream(file)) {
            DigestInputStream digested = new DigestInputStream(content, MessageDigest.getInstance("SHA-256"));
            digested.transferTo(OutputStream.nullOutputStream());
            return HexFormat.of().formatHex(digested.getMessageDigest().digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
