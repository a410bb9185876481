package io.qk256.llm.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.qk256.spi.Codebook;
import io.qk256.spi.Kernel;
import io.qk256.spi.Qk256;
import io.qk256.spi.Qk256Matrix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is skipped changes no bit. */
class SkippingTest {

    private static ModelConfig config(int width, int feedForward, GateFunction gate) {
        return new ModelConfig(
                "bitnet-b1.58", 97, 64, width, 3, feedForward, 4, 2, width / 4, width / 4, 10_000, 1e-5f, gate);
    }

    /** Of each kind: dense, about half, as in trained models, and so sparse that lists are empty in some layers. */
    @ParameterizedTest
    @CsvSource({"1, 1", "0.9, 0.6", "0.6, 0.4", "0.31, 0.15", "0.02, 0.01", "0.0001, 0.00005"})
    void theLogitsHaveTheSameBits(double rows, double columns) {
        for (int feedForward : List.of(96, 288, 1056)) {
            try (Model model = SyntheticModel.of(
                    config(288, feedForward, GateFunction.SQUARED_RELU), HeadType.STORED, rows, columns, 5)) {
                List<float[]> whole = decoded(model, Kernels.scalar(), 1, Skipping.NONE);
                for (Kernel kernel : List.of(Kernels.scalar(), Kernels.fastest())) {
                    for (int threads : List.of(1, 3)) {
                        for (Skipping skipping : Skipping.values()) {
                            List<float[]> skipped = decoded(model, kernel, threads, skipping);
                            for (int i = 0; i < whole.size(); i++) {
                                assertThat(skipped.get(i))
                                        .as("token %d, %s, %d threads, %s", i, kernel, threads, skipping)
                                        .containsExactly(whole.get(i));
                            }
                        }
                    }
                }
            }
        }
    }

    private static List<float[]> decoded(Model model, Kernel kernel, int threads, Skipping skipping) {
        EngineOptions options = new EngineOptions(threads, 0, 8, CacheType.F16).withSkipping(skipping);
        try (Engine engine = model.engine(kernel, options);
                Sequence sequence = engine.sequence()) {
            sequence.prompt(new int[] {1, 2, 3, 4, 5});
            List<float[]> logits = new ArrayList<>();
            for (int token = 0; token < 6; token++) {
                sequence.decode(token * 7);
                logits.add(sequence.logits().clone());
            }
            return logits;
        }
    }

    @Test
    void sparsityIsCounted() {
        ModelConfig config = config(288, 4096, GateFunction.SQUARED_RELU);
        try (Model model = SyntheticModel.of(config, HeadType.STORED, 0.31, 0.15, 5);
                Engine engine = model.engine(Kernels.fastest(), EngineOptions.withThreads(1));
                Sequence sequence = engine.sequence()) {
            assertThat(engine.sparsity().isEmpty()).isTrue();
            sequence.decode(4);
            sequence.decode(5);
            assertThat(engine.sparsity().isEmpty()).isFalse();
            assertThat(engine.sparsity().rowDensity()).isEqualTo(0.31, within(0.03));
            assertThat(engine.sparsity().columnDensity()).isEqualTo(0.15, within(0.03));
        }
    }

    @Test
    void otherModelsHaveNothingToSkip() {
        try (Model model = SyntheticModel.of(config(288, 512, GateFunction.SILU), HeadType.STORED, 5);
                Engine engine = model.engine(
                        Kernels.fastest(), EngineOptions.withThreads(1).withSkipping(Skipping.ROWS_AND_COLUMNS));
                Sequence sequence = engine.sequence()) {
            sequence.decode(1);
            assertThat(engine.sparsity().isEmpty()).isTrue();
            assertThat(engine.sparsity().rowDensity()).isZero();
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() -> SyntheticModel.of(config(288, 512, GateFunction.SILU), HeadType.STORED, 0.3, 0.1, 5))
                .withMessageContaining("has no sparse states");
    }

    @Test
    void aCopyByColumnsHasTheSameCodes() {
        Random random = new Random(3);
        for (int[] shape : new int[][] {{1, 1}, {3, 5}, {4, 4}, {7, 300}, {256, 256}, {257, 9}, {530, 1031}}) {
            int rows = shape[0];
            int cols = shape[1];
            byte[] packed = new byte[Math.toIntExact(rows * Qk256.rowBytes(cols))];
            random.nextBytes(packed);
            Qk256Matrix w = Qk256Matrix.of(MemorySegment.ofArray(packed), rows, cols, Codebook.TERNARY)
                    .withTensorScale(0.3f);
            try (Arena arena = Arena.ofShared()) {
                Qk256Matrix turned = Transposition.of(w, arena);
                assertThat(turned.tensorScale()).isEqualTo(0.3f);
                for (int row = 0; row < rows; row++) {
                    for (int col = 0; col < cols; col++) {
                        assertThat(Qk256.code(turned.codes().asSlice(col * turned.rowStride()), row))
                                .isEqualTo(Qk256.code(w.codes().asSlice(row * w.rowStride()), col));
                    }
                }
            }
        }
    }

    @Test
    void aSquareOfCodesIsTransposed() {
        int square = 0b11_10_01_00_00_00_00_11_01_01_10_10_10_00_11_01;
        int turned = Transposition.transposed(square);
        for (int row = 0; row < 4; row++) {
            for (int col = 0; col < 4; col++) {
                assertThat(turned >>> (8 * col + 2 * row) & 3).isEqualTo(square >>> (8 * row + 2 * col) & 3);
            }
        }
        assertThat(Arrays.asList(square, ~square, 1, Integer.MIN_VALUE))
                .allMatch(any -> Transposition.transposed(Transposition.transposed(any)) == any);
    }
}
