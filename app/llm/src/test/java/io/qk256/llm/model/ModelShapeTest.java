package io.qk256.llm.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;

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

    @Test
    void smallModelsOfEachKindRun() {
        for (ModelShape shape : ModelShape.ALL) {
            ModelConfig c = shape.config();
            ModelConfig small = new ModelConfig(
                    c.architecture(),
                    300,
                    64,
                    256,
                    2,
                    512,
                    4,
                    2,
                    c.headSize(),
                    c.rotated(),
                    c.ropeBase(),
                    c.epsilon(),
                    c.gate(),
                    c.scaling(),
                    c.inputNorms(),
                    c.pooling(),
                    c.activations());
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
