package io.qk256.app.check;

import static org.assertj.core.api.Assertions.assertThat;

import io.qk256.app.check.ProofReport.Check;
import io.qk256.app.check.ProofReport.Failure;
import io.qk256.gguf.Progress;
import io.qk256.spi.Codebook;
import io.qk256.spi.F32Vector;
import io.qk256.spi.I8Vector;
import io.qk256.spi.Kernel;
import io.qk256.spi.Qk256Matrix;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

/** All kernels in this file are wrong. */
class WrongKernelsTest {

    private static final String I2S = "I2_S, recorded from bitnet.cpp";
    private static final String TQ2 = "TQ2_0, recorded from ggml";
    private static final String DEMO = "demo model, I2_S and TQ2_0";

    private static ProofReport prove(Kernel kernel) throws IOException {
        ProofReport report = Proof.run(kernel, Optional.empty(), Progress.NONE);
        assertThat(report.passed()).isFalse();
        assertThat(report.speed()).as("the speed of a wrong kernel").isEmpty();
        return report;
    }

    private static List<Failure> failures(ProofReport report, String group) {
        return report.groups().stream()
                .filter(check -> check.group().equals(group))
                .findFirst()
                .orElseThrow()
                .failures();
    }

    @Test
    void catchesASign() throws IOException {
        ProofReport report = prove(new Wrapped() {
            @Override
            protected void dequantizeRows(Qk256Matrix w, int fromRow, int toRow, F32Vector out) {
                super.dequantizeRows(w, fromRow, toRow, out);
                for (long i = 0; i < out.length(); i++) {
                    out.set(i, -out.get(i));
                }
            }
        });

        assertThat(failures(report, I2S).getFirst())
                .isEqualTo(new Failure(
                        "32x2560", "dequantize", OptionalInt.of(0), OptionalInt.of(0), "1.2121199", "-1.2121199"));
        assertThat(failures(report, I2S).getFirst())
                .hasToString("32x2560, dequantize, row 0, column 0: 1.2121199, expected -1.2121199");
        assertThat(failures(report, TQ2)).isNotEmpty();
        assertThat(failures(report, DEMO)).isNotEmpty();
        assertThat(report.total().wrong())
                .as("every weight")
                .isEqualTo(report.total().weights());
    }

    @Test
    void catchesAnotherCodebook() throws IOException {
        ProofReport report = prove(new Wrapped() {
            @Override
            protected void dequantizeRows(Qk256Matrix w, int fromRow, int toRow, F32Vector out) {
                super.dequantizeRows(withCodebookQk256(w), fromRow, toRow, out);
            }

            private static Qk256Matrix withCodebookQk256(Qk256Matrix w) {
                Qk256Matrix other = Qk256Matrix.of(w.codes(), w.rows(), w.cols(), Codebook.QK256)
                        .withRowStride(w.rowStride())
                        .withTensorScale(w.tensorScale());
                return w.groupScales()
                        .map(scales -> other.withGroupScales(scales, w.group(), w.scaleType()))
                        .orElse(other);
            }
        });

        assertThat(failures(report, DEMO))
                .first()
                .extracting(Failure::operation)
                .isEqualTo("dequantize");
    }

    @Test
    void catchesAForgottenScaleOfTheTensor() throws IOException {
        ProofReport report = prove(new Wrapped() {
            @Override
            protected void gemvI8Rows(Qk256Matrix w, I8Vector x, int fromRow, int toRow, F32Vector y) {
                super.gemvI8Rows(w.withTensorScale(1), x, fromRow, toRow, y);
            }
        });

        assertThat(failures(report, I2S))
                .allSatisfy(failure -> assertThat(failure.operation()).startsWith("gemv-i8, vector"));
        assertThat(failures(report, DEMO))
                .allSatisfy(failure -> assertThat(failure.operation()).isEqualTo("gemv-i8"));
    }

    @Test
    void catchesForgottenScalesOfGroups() throws IOException {
        ProofReport report = prove(new Wrapped() {
            @Override
            protected void gemvF32Rows(Qk256Matrix w, F32Vector x, int fromRow, int toRow, F32Vector y) {
                super.gemvF32Rows(withoutGroupScales(w), x, fromRow, toRow, y);
            }

            private static Qk256Matrix withoutGroupScales(Qk256Matrix w) {
                return Qk256Matrix.of(w.codes(), w.rows(), w.cols(), w.codebook())
                        .withRowStride(w.rowStride())
                        .withTensorScale(w.tensorScale());
            }
        });

        assertThat(failures(report, TQ2))
                .isNotEmpty()
                .allSatisfy(failure -> assertThat(failure.operation()).isEqualTo("gemv-f32"));
        assertThat(failures(report, I2S)).as("no block scales there").isEmpty();
    }

    @Test
    void catchesAForgottenStride() throws IOException {
        ProofReport report = prove(new Wrapped() {
            @Override
            protected void gemvI8Rows(Qk256Matrix w, I8Vector x, int fromRow, int toRow, F32Vector y) {
                Qk256Matrix dense = Qk256Matrix.of(w.codes(), w.rows(), w.cols(), w.codebook())
                        .withTensorScale(w.tensorScale());
                Qk256Matrix scaled = w.groupScales()
                        .map(scales -> dense.withGroupScales(scales, w.group(), w.scaleType()))
                        .orElse(dense);
                super.gemvI8Rows(scaled, x, fromRow, toRow, y);
            }
        });

        assertThat(failures(report, TQ2))
                .isNotEmpty()
                .allSatisfy(failure -> assertThat(failure.operation()).startsWith("int8 sum, vector"));
        assertThat(failures(report, DEMO)).as("rows without gaps there").isEmpty();
    }

    @Test
    void catchesOneRowThatIsOffByOne() throws IOException {
        ProofReport report = prove(new Wrapped() {
            @Override
            protected void gemvI8Rows(Qk256Matrix w, I8Vector x, int fromRow, int toRow, F32Vector y) {
                super.gemvI8Rows(w, x, fromRow, toRow, y);
                if (w.rows() == 32 && w.tensorScale() == 1) {
                    y.set(7, y.get(7) + 1);
                }
            }
        });

        assertThat(report.total().wrong()).as("one row, three vectors").isEqualTo(3);
        assertThat(failures(report, I2S)).hasSize(3).allSatisfy(failure -> {
            assertThat(failure.row()).hasValue(7);
            assertThat(failure.operation()).startsWith("int8 sum");
            assertThat(Double.parseDouble(failure.seen())).isEqualTo(Double.parseDouble(failure.expected()) + 1);
        });
    }

    @Test
    void catchesAnF32ProductBeyondTheBound() throws IOException {
        ProofReport report = prove(new Wrapped() {
            @Override
            protected void gemvF32Rows(Qk256Matrix w, F32Vector x, int fromRow, int toRow, F32Vector y) {
                super.gemvF32Rows(w, x, fromRow, toRow, y);
                for (int row = fromRow; row < toRow; row++) {
                    y.set(row, y.get(row) * 1.001f);
                }
            }
        });

        assertThat(failures(report, DEMO)).first().satisfies(failure -> {
            assertThat(failure.operation()).isEqualTo("gemv-f32");
            assertThat(failure.expected()).contains(" ± ");
        });
        assertThat(report.total().largestErrorOfBound()).isGreaterThan(1);
    }

    @Test
    void catchesAKernelThatWritesNothing() throws IOException {
        ProofReport report = prove(new Kernel() {
            @Override
            protected void dequantizeRows(Qk256Matrix w, int fromRow, int toRow, F32Vector out) {}

            @Override
            protected void gemvF32Rows(Qk256Matrix w, F32Vector x, int fromRow, int toRow, F32Vector y) {}

            @Override
            protected void gemvI8Rows(Qk256Matrix w, I8Vector x, int fromRow, int toRow, F32Vector y) {}
        });

        Check total = report.total();
        assertThat(total.wrong()).isEqualTo(total.weights() + total.exactProducts() + total.boundedProducts());
        assertThat(total.largestError()).isInfinite();
    }

    @Test
    void catchesAKernelThatThrows() throws IOException {
        ProofReport report = prove(new Wrapped() {
            @Override
            protected void gemvF32Rows(Qk256Matrix w, F32Vector x, int fromRow, int toRow, F32Vector y) {
                throw new IndexOutOfBoundsException("row 7");
            }
        });

        assertThat(failures(report, I2S))
                .first()
                .hasToString("32x2560, gemv-f32: threw java.lang.IndexOutOfBoundsException: row 7, expected a result");
    }
}
