package io.qk256.app.check;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qk256.app.check.ProofReport.Check;
import io.qk256.app.check.ProofReport.Failure;
import io.qk256.gguf.GgufException;
import io.qk256.gguf.Progress;
import io.qk256.spi.F32Vector;
import io.qk256.spi.I8Vector;
import io.qk256.spi.Qk256Matrix;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProofTest {

    private static final String I2S = "I2_S, recorded from bitnet.cpp";
    private static final String TQ2 = "TQ2_0, recorded from ggml";
    private static final String DEMO = "demo model, I2_S and TQ2_0";

    @Test
    void theReferenceKernelIsRight() throws IOException {
        List<String> heard = new ArrayList<>();

        ProofReport report = Proof.run(
                Wrapped.scalar(), Optional.empty(), (what, done, total) -> heard.add(done + "/" + total + " " + what));

        assertThat(report.total().failures()).isEmpty();
        assertThat(report.passed()).isTrue();
        assertThat(report.skipped()).isEmpty();
        assertThat(report.seed()).isEqualTo(Activations.SEED);
        assertThat(report.checks()).hasSize(44).allSatisfy(check -> {
            assertThat(check.weights()).isPositive();
            assertThat(check.largestErrorOfBound()).isGreaterThan(0).isLessThan(1);
        });
        assertThat(report.groups()).extracting(Check::group).containsExactly(I2S, TQ2, DEMO);
        assertThat(report.groups()).extracting(Check::what).containsExactly("1 matrix", "1 matrix", "42 matrices");
        assertThat(report.groups())
                .extracting(Check::weights)
                .as("the model has 4,718,592 ternary weights, in both packings")
                .containsExactly(32L * 2560, 64L * 512, 2 * 4_718_592L);
        assertThat(report.groups())
                .extracting(Check::exactProducts)
                .as("two kinds of sums for 3 vectors; 4 vectors with each block and with whole rows")
                .containsExactly(2L * 3 * 32, 4L * 3 * 64, 2L * 6 * (256 + 128 + 128 + 256 + 768 + 768 + 256));
        assertThat(report.groups())
                .extracting(Check::boundedProducts)
                .containsExactly(3L * 32, 4L * 64, 2L * 6 * (256 + 128 + 128 + 256 + 768 + 768 + 256));
        assertThat(report.speed()).hasValueSatisfying(speed -> {
            assertThat(speed.what()).endsWith("768x256");
            assertThat(List.of(speed.dequantize(), speed.gemvF32(), speed.gemvI8()))
                    .allSatisfy(weightsPerSecond ->
                            assertThat(weightsPerSecond).isFinite().isGreaterThan(1e5));
        });
        assertThat(heard)
                .hasSize(44)
                .startsWith("1/44 checking 32x2560", "2/44 checking 64x512", "3/44 checking blk.0.attn_q.weight")
                .endsWith("44/44 checking blk.5.ffn_down.weight");
    }

    @Test
    void twoRunsFindTheSame() throws IOException {
        ProofReport first = Proof.run(Wrapped.scalar(), Optional.empty(), Progress.NONE);
        ProofReport second = Proof.run(Wrapped.scalar(), Optional.empty(), Progress.NONE);

        assertThat(second.checks()).isEqualTo(first.checks());
        assertThat(second.seed()).isEqualTo(first.seed());
    }

    @Test
    void provesEveryTwoBitTensorOfAFile(@TempDir Path dir) throws IOException {
        Path path = copy(dir, "/io/qk256/app/check/demo-tq2_0.gguf");

        ProofReport report = Proof.run(Wrapped.scalar(), Optional.of(path), Progress.NONE);

        assertThat(report.total().failures()).isEmpty();
        assertThat(report.checks()).hasSize(42).allSatisfy(check -> {
            assertThat(check.group()).isEqualTo("copy.gguf");
            assertThat(check.what()).endsWith("TQ2_0");
        });
        assertThat(report.total().weights()).isEqualTo(4_718_592);
        assertThat(report.skipped())
                .extracting(ProofReport.Skipped::type)
                .containsExactly("F32 (type 0)", "F16 (type 1)");
        assertThat(report.skipped()).extracting(ProofReport.Skipped::tensors).containsExactly(25, 1);
        assertThat(report.skipped())
                .extracting(ProofReport.Skipped::why)
                .containsOnly("it does not have 2 bits a weight");
        assertThat(report.speed()).isPresent();
    }

    @Test
    void checksBlockScalesOfAFileAndNamesWhatItSkips(@TempDir Path dir) throws IOException {
        Path path = copy(dir, "/fixtures/gguf_allkv.gguf");

        ProofReport report = Proof.run(Wrapped.scalar(), Optional.of(path), Progress.NONE);

        assertThat(report.checks()).extracting(Check::what).containsExactly("tq2_0.512x4 TQ2_0", "tq1_0.512x4 TQ1_0");
        assertThat(report.passed()).isTrue();
        assertThat(report.skipped()).extracting(ProofReport.Skipped::tensors).containsExactly(2, 1);
    }

    @Test
    void aWrongKernelFailsOnAFileToo(@TempDir Path dir) throws IOException {
        Path path = copy(dir, "/fixtures/gguf_allkv.gguf");

        ProofReport report = Proof.run(
                new Wrapped() {
                    @Override
                    protected void gemvI8Rows(Qk256Matrix w, I8Vector x, int fromRow, int toRow, F32Vector y) {
                        super.gemvI8Rows(w, x, fromRow, toRow, y);
                        y.set(0, Math.nextUp(y.get(0)));
                    }
                },
                Optional.of(path),
                Progress.NONE);

        assertThat(report.total().wrong()).isEqualTo(2);
        assertThat(report.total().failures())
                .extracting(Failure::what)
                .containsExactly("tq2_0.512x4 TQ2_0", "tq1_0.512x4 TQ1_0");
    }

    @Test
    void refusesAFileWithoutTwoBitTensors(@TempDir Path dir) throws IOException {
        Path plain = copy(dir, "/fixtures/gguf_cases/00_ok.gguf");

        assertThatThrownBy(() -> Proof.run(Wrapped.scalar(), Optional.of(plain), Progress.NONE))
                .isInstanceOf(GgufException.class)
                .hasMessageContainingAll(
                        "copy.gguf",
                        "no tensor is of type I2_S, TQ1_0, TQ2_0, PTQ1_0, Q2_0, PQ2_0 or QK256",
                        "1 of F32 (type 0)");
        Path empty = copy(dir, "/fixtures/gguf_cases/53_zero_tensors_zero_kv.gguf");
        assertThatThrownBy(() -> Proof.run(Wrapped.scalar(), Optional.of(empty), Progress.NONE))
                .isInstanceOf(GgufException.class)
                .hasMessageContaining("found no tensor at all");
    }

    private static Path copy(Path dir, String resource) throws IOException {
        Path path = dir.resolve("copy.gguf");
        try (InputStream in = Objects.requireNonNull(ProofTest.class.getResourceAsStream(resource), resource)) {
            Files.write(path, in.readAllBytes());
        }
        return path;
    }
}
