package io.qk256.app.certificates;

import static org.assertj.core.api.Assertions.assertThat;

import io.qk256.spi.Contract;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CertificatesTest {

    /** Of the three bytes "abc": the example of FIPS 180-2. */
    private static final String ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    private static final String REPORT =
            """
            {"format": "qk256-tck-report", "verdict": "passed", "provider": "abc", "contract": "CONTRACT",
             "sha256": "HASH", "cpu": "a CPU", "jdk": "a JVM", "date": "2026-11-22T12:00:00Z"}
            """.replace("CONTRACT", Contract.VERSION).replace("HASH", ABC);

    @TempDir
    private Path directory;

    private void write(String report) throws IOException {
        Files.writeString(directory.resolve("abc.certificate.json"), report);
    }

    @Test
    void findsTheCertificateOfAJarBesideIt() throws IOException {
        write(REPORT);
        Path jar = Files.writeString(directory.resolve("abc.jar"), "abc");
        Path other = Files.writeString(directory.resolve("other.jar"), "abcd");

        assertThat(Certificates.of(jar)).hasValueSatisfying(certificate -> {
            assertThat(certificate.provider()).isEqualTo("abc");
            assertThat(certificate.cpu()).isEqualTo("a CPU");
            assertThat(certificate.date()).isEqualTo("2026-11-22T12:00:00Z");
        });
        assertThat(Certificates.of(other)).isEmpty();
        assertThat(Certificates.of(directory)).isEmpty();
    }

    @Test
    void certifiesWhatPassedThisContractOnly() throws IOException {
        write(REPORT.replace("\"passed\"", "\"failed\""));
        assertThat(Certificates.find(directory, ABC)).isEmpty();
        write(REPORT.replace("\"contract\": \"", "\"contract\": \"9"));
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
