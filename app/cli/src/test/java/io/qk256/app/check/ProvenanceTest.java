package io.qk256.app.check;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The data is what PROVENANCE.md says it is. */
class ProvenanceTest {

    private static final Pattern ROW = Pattern.compile("^\\| (\\S+) \\|.*\\| ([0-9a-f]{64}) \\|$", Pattern.MULTILINE);

    @ParameterizedTest
    @CsvSource({"/io/qk256/app/check/, 13", "/fixtures/, 52", "/fixtures/tokenizer/, 3", "/fixtures/model/, 27"})
    void namesEveryFileWithItsHash(String folder, int files) throws IOException, NoSuchAlgorithmException {
        Matcher row = ROW.matcher(new String(read(folder + "PROVENANCE.md"), StandardCharsets.UTF_8));
        int seen = 0;
        while (row.find()) {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(read(folder + row.group(1)));
            assertThat(HexFormat.of().formatHex(hash)).as(row.group(1)).isEqualTo(row.group(2));
            seen++;
        }
        assertThat(seen).isEqualTo(files);
    }

    private static byte[] read(String resource) throws IOException {
        try (InputStream in = Objects.requireNonNull(ProvenanceTest.class.getResourceAsStream(resource), resource)) {
            return in.readAllBytes();
        }
    }
}
