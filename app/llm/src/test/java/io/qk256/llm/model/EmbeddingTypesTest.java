package io.qk256.llm.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufFile;
import io.qk256.gguf.GgufTensor;
import io.qk256.gguf.GgufWriter;
import io.qk256.gguf.TensorType;
import io.qk256.gguf.layout.WeightFile;
import io.qk256.spi.support.OutputFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The embedded model with its embedding, which is also its output head, in other types. */
class EmbeddingTypesTest {

    private static final String EMBEDDING = "token_embd.weight";
    private static final int[] TOKENS = {1, 412, 77, 903, 260, 5, 5, 1000};

    /** The rounding error of f16: half a unit in the last place, and half the smallest number. */
    private static final double HALF_ROUNDING = 0x1p-11;

    /**
     * The error of a state in int8 in groups of 32, relative to its length: half a step per value, where 127 steps are
     * the largest magnitude of the group, and a little more as the number of steps is rounded.
     */
    private static final double GROUP_ROUNDING = 1.01 * Math.sqrt(32) / 2 / 127;

    private static final double HALF_TINY = 0x1p-25;
    private static final double FLOAT_ROUNDING = 0x1p-24;

    @TempDir
    private Path dir;

    private final GgufFile demo;
    private final int rows;
    private final int cols;
    private final float[] trained;

    EmbeddingTypesTest() throws GgufException {
        demo = Recorded.demo("i2_s");
        GgufTensor embedding = demo.requireTensor(EMBEDDING);
        rows = (int) embedding.rows();
        cols = (int) embedding.cols();
        DenseMatrix.Reader reader = DenseMatrix.of(embedding).reader(rows);
        reader.read(0, rows);
        trained = reader.values;
    }

    private GgufFile with(TensorType type, float[] values) throws IOException {
        GgufWriter writer = new GgufWriter();
        demo.metadata().values().forEach(writer::copy);
        for (GgufTensor tensor : demo.tensors()) {
            boolean changed = tensor.name().equals(EMBEDDING);
            MemorySegment data = changed
                    ? MemorySegment.ofArray(EmbeddingEncoder.of(type, values).bytes())
                    : tensor.data();
            writer.tensor(tensor.name(), changed ? type : tensor.type(), tensor.dims(), data);
        }
        Path path = dir.resolve(type + ".gguf");
        writer.write(OutputFile.of(path));
        return WeightFile.open(path);
    }

    @ParameterizedTest
    @EnumSource(names = {"F32", "F16", "BF16", "Q8_0", "Q6_K", "Q4_0", "Q2_0"})
    void rowsAreTheNumbersThatAreStored(TensorType type) throws IOException {
        float[] stored = EmbeddingEncoder.of(type, trained).stored();
        try (GgufFile file = with(type, trained)) {
            DenseMatrix.Reader reader =
                    DenseMatrix.of(file.requireTensor(EMBEDDING)).reader(3);
            for (int row = rows - 1; row >= 0; row -= 2) {
                int count = Math.min(3, rows - row);
                reader.read(row, count);
                for (int i = 0; i < count * cols; i++) {
                    assertThat(reader.values[i]).as("row %d, value %d", row, i).isEqualTo(stored[row * cols + i]);
                }
            }
        }
    }

    /**
     * The reference is the same numbers in f32. Layers see the same rows, so only the output head differs: by rounding
     * the state and the weights to what the head stores, and by the order of the sum.
     */
    @ParameterizedTest
    @CsvSource({
        "F16, STORED, F16", "F16, INT8, 8 bits",
        "BF16, STORED, BF16", "BF16, INT8, 8 bits",
        "Q8_0, STORED, 8 bits", "Q8_0, INT8, 8 bits",
        "Q6_K, STORED, Q6_K as F16", "Q6_K, INT8, 8 bits",
        "Q4_0, STORED, Q4_0 as F16", "Q4_0, INT8, 8 bits",
        "Q2_0, STORED, 2 bits", "Q2_0, INT8, 2 bits",
        "F32, INT8, 8 bits"
    })
    void logitsAreThoseOfTheStoredNumbers(TensorType type, HeadType head, String name) throws IOException {
        float[] stored = EmbeddingEncoder.of(type, trained).stored();
        float[] expected = logits(TensorType.F32, stored, HeadType.STORED, "F32");
        float[] seen = logits(type, trained, head, name);
        double stateNorm = stateNorm();
        boolean exact = type == TensorType.BF16 && head == HeadType.STORED;
        boolean rounded = head == HeadType.INT8 && name.equals("8 bits") && type != TensorType.Q8_0;
        double stateRounding = name.equals("2 bits") ? GROUP_ROUNDING : HALF_ROUNDING;
        for (int row = 0; row < rows; row++) {
            double weights = 0;
            double errors = 0;
            for (int i = row * cols; i < (row + 1) * cols; i++) {
                double error = rounded ? int8Error(stored, i) : name.endsWith("as F16") ? halfError(stored[i]) : 0;
                weights += (double) stored[i] * stored[i];
                errors += error * error;
            }
            double sums = 2 * (cols + 4) * FLOAT_ROUNDING;
            double bound = stateNorm * (Math.sqrt(weights) * (stateRounding + sums) + 1.01 * Math.sqrt(errors));
            assertThat(Math.abs((double) seen[row] - expected[row]))
                    .as("%s, %s: token %d", type, head, row)
                    .isLessThanOrEqualTo(exact ? 0 : bound);
        }
    }

    private static double halfError(float value) {
        return Math.abs(value) * HALF_ROUNDING + HALF_TINY;
    }

    /** Half a step, plus what is lost at the largest code if the scale was rounded down. */
    private static double int8Error(float[] values, int at) {
        float max = 0;
        for (int i = at / 32 * 32; i < at / 32 * 32 + 32; i++) {
            max = Math.max(max, Math.abs(values[i]));
        }
        double scale = Float.float16ToFloat(Float.floatToFloat16(max / 127));
        return Math.max(scale / 2 * (1 + 0x1p-20), max - 127 * scale);
    }

    /** No state is longer: RMSNorm scales its numbers to a mean square of 1, then multiplies them by the weights. */
    private double stateNorm() throws GgufException {
        double largest = 0;
        for (float weight : demo.requireTensor("output_norm.weight").data().toArray(ValueLayout.JAVA_FLOAT_UNALIGNED)) {
            largest = Math.max(largest, Math.abs(weight));
        }
        return largest * Math.sqrt(cols) * (1 + HALF_ROUNDING);
    }

    private float[] logits(TensorType type, float[] values, HeadType head, String name) throws IOException {
        try (GgufFile file = with(type, values);
                Model model = Model.load(file, head, LoadListener.NONE);
                Engine engine = model.engine(Kernels.fastest(), EngineOptions.withThreads(2));
                Sequence sequence = engine.sequence()) {
            assertThat(model.head()).isEqualTo(name);
            return sequence.prompt(TOKENS).clone();
        }
    }

    @Test
    void q8WeightsAreTakenAsTheyAre() throws IOException {
        float[] stored = EmbeddingEncoder.of(TensorType.Q8_0, trained).stored();
        try (GgufFile file = with(TensorType.Q8_0, trained);
                Arena arena = Arena.ofShared()) {
            DenseMatrix weights = DenseMatrix.of(file.requireTensor(EMBEDDING));
            Int8Head head = (Int8Head) Heads.of(HeadType.STORED, PlainReductions::new, weights, arena);
            assertThat(head.bytes()).isEqualTo(weights.bytes());
            for (int i = 0; i < cols; i++) {
                for (int row = 0; row < rows; row++) {
                    assertThat(head.weights().code(row, i) * head.weights().scale(row, i / 32))
                            .isEqualTo(stored[row * cols + i]);
                }
            }
        }
    }

    @Test
    void otherTypesAreRefused() {
        GgufTensor tensor = new GgufTensor(
                "x.gguf", "token_embd.weight", TensorType.Q2_K, List.of(256L, 1L), MemorySegment.ofArray(new byte[84]));
        assertThatThrownBy(() -> DenseMatrix.of(tensor))
                .isInstanceOf(GgufException.class)
                .hasMessageContaining("Q2_K")
                .hasMessageContaining("this program reads F16, BF16, F32, Q8_0, Q6_K, Q5_K");
    }
}
