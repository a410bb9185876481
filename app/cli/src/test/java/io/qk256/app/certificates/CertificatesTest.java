package io.qk256.app.certificates;

import static org.assertj.core.api.Assertions.assertThat;

import io.qk256.spi.Contract;
import io.qk256.spi.selection.Artifact;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CertificatesTest {

    /** SHA-256 of the three bytes "abc", the example of FIPS 180-2. */
    private static final String ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    private static final String REPORT =
            """
            {"format": "qk256-tck-report", "verdict": "passed", "complete": true, "provider": "abc", "contract": "CONTRACT",
             "sha256": "HASH", "cpu": "a CPU", "jdk": "a JVM", "date": "2026-11-22T12:00:00Z"}
            """.replace("CONTRACT", Contract.VERSION).replace("HASH", ABC);

    @TempDir
    private Path directory;

    private void write(String report) throws IOException {
        Files.writeString(directory.resolve("abc.certificate.json"), report);
    }

    private static Artifact plugin(Path origin, String sha256) {
        return Artifact.ofPlugin("example", Optional.empty(), origin.toString(), Optional.of(sha256), false);
    }

    @Test
    void findsTheCertificateBesideTheJar() throws IOException {
        write(REPORT);
        Path jar = directory.resolve("abc.jar");
        assertThat(Certificates.of(plugin(jar, ABC))).hasValueSatisfying(certificate -> {
            assertThat(certificate.provider()).isEqualTo("abc");
            assertThat(certificate.cpu()).isEqualTo("a CPU");
            assertThat(certificate.date()).isEqualTo("2026-11-22T12:00:00Z");
        });
        assertThat(Certificates.of(plugin(jar, "0".repeat(64)))).isEmpty();
    }

    @Test
    void findsTheCertificateBesideAFolderAndInIt() throws IOException {
        write(REPORT);
        Path folder = Files.createDirectory(directory.resolve("folder"));
        assertThat(Certificates.of(plugin(folder, ABC))).isPresent();
        assertThat(Certificates.of(plugin(directory, ABC))).isPresent();
        assertThat(Certificates.of(plugin(folder.resolve("deeper/abc.jar"), ABC)))
                .isEmpty();
        assertThat(Certificates.of(plugin(Path.of(""), ABC))).isEmpty();
    }

    @Test
    void certifiesWhatPassedThisContractOnly() throws IOException {
        write(REPORT.replace("\"passed\"", "\"failed\""));
        assertThat(Certificates.find(directory, ABC)).isEmpty();
        write(REPORT.replace("\"contract\": \"", "\"contract\": \"9"));
        assertThat(Certificates.find(directory, ABC)).isEmpty();
        write(REPORT.replace(Contract.VERSION, "0.8"));
        assertThat(Certificates.find(directory, ABC)).isEmpty();
        write(REPORT.replace("\"complete\": true", "\"complete\": false"));
        assertThat(Certificates.find(directory, ABC)).isEmpty();
        write(REPORT.replace("qk256-tck-report", "another"));
        assertThat(Certificates.find(directory, ABC)).isEmpty();
        write(REPORT);
        assertThat(Certificates.find(directory, ABC)).isPresent();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "{", "[]", "7", "{}", "{\"format\": []}", "{\"format\": {}}", "{\"format\": null}"})
    void passesOverWhatIsNoReport(String text) throws IOException {
        write(text);
        assertThat(Certificates.find(directory, ABC)).isEmpty();
    }

    @Test
    void findsNothingWhereThereIsNoDirectory() {
        assertThat(Certificates.find(directory.resolve("none"), ABC)).isEmpty();
    }
}
