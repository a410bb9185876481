package io.qk256.llm.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufFile;
import io.qk256.gguf.GgufTensor;
import io.qk256.gguf.GgufWriter;
import io.qk256.gguf.Progress;
import io.qk256.gguf.TensorType;
import io.qk256.gguf.convert.Conversion;
import io.qk256.gguf.layout.TensorRows;
import io.qk256.gguf.layout.WeightFile;
import io.qk256.spi.Qk256Matrix;
import io.qk256.spi.support.OutputFile;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Models whose weights stay in the file. */
class MappedWeightsTest {

    private static final String EMBEDDING = "token_embd.weight";
    private static final int[] TOKENS = {1, 412, 77, 903};

    @TempDir
    private Path dir;

    private Path converted(GgufFile source) throws IOException {
        Path path = Files.createTempFile(dir, "model", ".gguf");
        Conversion.convert(source, OutputFile.of(path), Conversion.Target.QK256, false, 1, Progress.NONE);
        return path;
    }

    @Test
    void everyMatrixIsInTheMappedFile() throws IOException {
        try (GgufFile file = WeightFile.open(converted(Recorded.demo("i2_s")))) {
            Weights weights = Model.weights(file, Architectures.KNOWN, LoadListener.NONE, WeightMemory.inPlace());
            assertThat(weights.ternary()).isNotEmpty();
            MemorySegment bytes = file.parts().getFirst().bytes();
            for (Qk256Matrix matrix : weights.ternary().values()) {
                assertThat(matrix.codes().asOverlappingSlice(bytes)).isPresent();
            }
            assertThat(weights.output().data().asOverlappingSlice(bytes)).isPresent();
        }
    }

    /** The demo's embedding, which is also its head, in other types: mapped, it is the stored numbers without rounding. */
    @ParameterizedTest
    @EnumSource(names = {"BF16", "Q8_0", "Q6_K", "Q4_0"})
    void theHeadHasTheStoredNumbers(TensorType type) throws IOException {
        GgufFile demo = Recorded.demo("i2_s");
        GgufTensor embedding = demo.requireTensor(EMBEDDING);
        float[] trained = new float[(int) embedding.weights()];
        TensorRows.of(embedding).reader((int) embedding.rows()).read(0, (int) embedding.rows(), trained, 0);
        EmbeddingEncoder encoded = EmbeddingEncoder.of(type, trained);

        float[] expected = logits(demo, TensorType.F32, EmbeddingEncoder.of(TensorType.F32, encoded.stored()), "F32");
        assertThat(logits(demo, type, encoded, type.name())).isEqualTo(expected);
    }

    private float[] logits(GgufFile demo, TensorType type, EmbeddingEncoder values, String head) throws IOException {
        GgufWriter writer = new GgufWriter();
        demo.metadata().values().forEach(writer::copy);
        for (GgufTensor tensor : demo.tensors()) {
            boolean changed = tensor.name().equals(EMBEDDING);
            MemorySegment data = changed ? MemorySegment.ofArray(values.bytes()) : tensor.data();
            writer.tensor(tensor.name(), changed ? type : tensor.type(), tensor.dims(), data);
        }
        Path path = dir.resolve(type + ".gguf");
        writer.write(OutputFile.of(path));
        try (GgufFile other = WeightFile.open(path);
                GgufFile file = WeightFile.open(converted(other));
                Model model = Model.loadMapped(file, LoadListener.NONE);
                Engine engine = model.engine(Kernels.fastest(), EngineOptions.withThreads(1));
                Sequence sequence = engine.sequence()) {
            assertThat(model.head()).isEqualTo(head);
            return sequence.prompt(TOKENS).clone();
        }
    }

    @Test
    void aFileThatMustBeRepackedIsRefused() throws IOException {
        Path path = Files.write(dir.resolve("tq2.gguf"), Recorded.bytes("/io/qk256/app/check/demo-tq2_0.gguf"));
        try (GgufFile file = WeightFile.open(path)) {
            assertThatThrownBy(() -> Model.loadMapped(file, LoadListener.NONE))
                    .isInstanceOf(GgufException.class)
                    .hasMessageContainingAll(
                            path + ", tensor blk.0.",
                            " of TQ2_0",
                            "must be repacked into memory of this process, expected QK256",
                            "convert the model first (convert --type qk256)");
        }
    }

    @Test
    void aFileInMemoryIsRefused() throws IOException {
        byte[] bytes = Files.readAllBytes(converted(Recorded.demo("i2_s")));
        assertThatThrownBy(() -> Model.loadMapped(Recorded.file("bytes", bytes), LoadListener.NONE))
                .isInstanceOf(GgufException.class)
                .hasMessageContaining("is in memory, expected a mapped file; open the model by its path");
    }
}
