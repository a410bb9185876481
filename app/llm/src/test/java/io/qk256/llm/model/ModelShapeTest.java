package io.qk256.llm.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.qk256.llm.LanguageModel;
import io.qk256.llm.generation.GenerationOptions;
import io.qk256.llm.generation.Generator.Answer;
import io.qk256.spi.support.OutputFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Shapes have as many weights as the published models, and small models of each kind run. */
class ModelShapeTest {

    /** The sizes of the published files with groups of 64 and of 128 weights differ by so many weights / 64 bytes. */
    @Test
    void weightsAreAsManyAsInThePublishedModels() {
        assertThat(weights("bonsai-1.7b", 1)).isEqualTo(1_719_904_256L);
        assertThat(weights("bonsai-8b", 2)).isEqualTo(8_188_239_872L);
        assertThat(weights("bonsai-4b", 1)).isBetween(4_021_000_000L, 4_022_000_000L);
    }

    private static long weights(String shape, int tokenMatrices) {
        ModelConfig config = ModelShape.find(shape).orElseThrow().config();
        long weights = (long) tokenMatrices * config.vocabulary() * config.width();
        List<TensorSpec> tensors = Architectures.of(config.architecture()).tensors(config);
        for (TensorSpec spec : TensorSpec.inLayers(tensors, config.layers())) {
            weights += spec.role() == TensorSpec.Role.TERNARY ? (long) spec.rows() * spec.cols() : 0;
        }
        return weights;
    }

    @Test
    void shapesAreFoundByTheirNames() {
        for (ModelShape shape : ModelShape.ALL) {
            assertThat(ModelShape.find(shape.label().toUpperCase(Locale.ROOT))).contains(shape);
        }
        assertThat(ModelShape.find("3b")).isEmpty();
        assertThat(ModelShape.labels()).startsWith("2b").endsWith("embed-0.6b");
    }

    private static ModelConfig small(ModelConfig c, int heads, int kvHeads) {
        return new ModelConfig(
                c.architecture(),
                300,
                64,
                256,
                2,
                512,
                heads,
                kvHeads,
                c.headSize(),
                c.rotated(),
                c.ropeBase(),
                c.epsilon(),
                c.gate(),
                c.scaling(),
                c.inputNorms(),
                c.pooling(),
                c.activations());
    }

    @Test
    void filesOfEachKindAreLoadedAsTheyWereMeant(@TempDir Path dir) throws IOException {
        for (ModelShape shape : ModelShape.ALL) {
            int heads = 256 / shape.config().headSize();
            ModelConfig small = small(shape.config(), heads, 1);
            Path path = dir.resolve(shape.label() + ".gguf");
            long[] last = new long[2];
            SyntheticFile.write(small, 1, OutputFile.of(path), (what, done, total) -> {
                last[0] = done;
                last[1] = total;
            });
            assertThat(last[0]).as("finished").isPositive().isEqualTo(last[1]);
            try (LanguageModel model = LanguageModel.open(path);
                    Engine engine = model.engine(Kernels.fastest(), EngineOptions.withThreads(2))) {
                assertThat(model.config()).isEqualTo(small);
                int[] text = model.tokenizer().encode("Any text\u2026 \n", false, false);
                assertThat(model.tokenizer().decode(text)).isEqualTo("Any text\u2026 \n");
                Answer answer =
                        model.generate(engine, "Once", GenerationOptions.usual().withMaxTokens(3), piece -> {});
                assertThat(answer.tokens()).isEqualTo(3);
            }
        }
    }

    @Test
    void smallModelsOfEachKindRun() {
        for (ModelShape shape : ModelShape.ALL) {
            ModelConfig c = shape.config();
            ModelConfig small = small(c, 4, 2);
            try (Model model = SyntheticModel.of(small, HeadType.INT8, 1);
                    Engine engine = model.engine(Kernels.fastest(), EngineOptions.withThreads(2));
                    Sequence sequence = engine.sequence()) {
                float[] logits = sequence.prompt(new int[] {1, 2, 299});
                double squares = 0;
                for (float logit : logits) {
                    squares += (double) logit * logit;
                }
                assertThat(squares).as(shape.label()).isPositive().isFinite();
                assertThat(model.head()).isEqualTo(c.activations() == Activations.IN_GROUPS ? "2 bits" : "8 bits");
            }
        }
    }
}
