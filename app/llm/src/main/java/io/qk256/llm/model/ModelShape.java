package io.qk256.llm.model;

import java.util.List;
import java.util.Optional;

/**
 * The shape of a published model, for {@link SyntheticModel}.
 *
 * @param label what users call it
 * @param title the name of the model
 * @param config the shape
 */
public record ModelShape(String label, String title, ModelConfig config) {

    /** All known shapes. */
    public static final List<ModelShape> ALL = List.of(
            new ModelShape("2b", "BitNet b1.58 2B4T", bitnet2b()),
            new ModelShape("bonsai-1.7b", "Ternary Bonsai 1.7B", bonsai(28, 2048, 16, 6144)),
            new ModelShape("bonsai-4b", "Ternary Bonsai 4B", bonsai(36, 2560, 32, 9728)),
            new ModelShape("bonsai-8b", "Ternary Bonsai 8B", bonsai(36, 4096, 32, 12_288)),
            new ModelShape("llama3-8b", "Llama 3 8B 1.58", llama3()),
            new ModelShape("falcon3-1b", "Falcon3 1B 1.58", falcon3()),
            new ModelShape("embed-0.6b", "BitNet embeddings 0.6B", embedding()));

    /** The shape that users call so, in any case; empty if there is none. */
    public static Optional<ModelShape> find(String label) {
        return ALL.stream().filter(shape -> shape.label.equalsIgnoreCase(label)).findFirst();
    }

    /** What users call the shapes. */
    public static List<String> labels() {
        return ALL.stream().map(ModelShape::label).toList();
    }

    private static ModelConfig bitnet2b() {
        return new ModelConfig(
                "bitnet-b1.58",
                128_256,
                4096,
                2560,
                30,
                6912,
                20,
                5,
                128,
                128,
                500_000,
                1e-5f,
                GateFunction.SQUARED_RELU);
    }

    private static ModelConfig bonsai(int layers, int width, int heads, int feedForward) {
        return new ModelConfig(
                "qwen3",
                151_669,
                32_768,
                width,
                layers,
                feedForward,
                heads,
                8,
                128,
                128,
                1_000_000,
                1e-6f,
                GateFunction.SILU,
                RopeScaling.yarn(4, 8192),
                false,
                Pooling.NONE,
                Activations.IN_GROUPS);
    }

    private static ModelConfig llama3() {
        return new ModelConfig(
                "llama", 128_256, 8192, 4096, 32, 14_336, 32, 8, 128, 128, 500_000, 1e-5f, GateFunction.SILU);
    }

    private static ModelConfig falcon3() {
        return new ModelConfig(
                "llama", 131_072, 8192, 2048, 18, 8192, 8, 4, 256, 256, 1_000_042, 1e-6f, GateFunction.SILU);
    }

    private static ModelConfig embedding() {
        return new ModelConfig(
                "qwen3",
                151_936,
                32_768,
                1024,
                28,
                3072,
                16,
                8,
                128,
                128,
                1_000_000,
                1e-6f,
                GateFunction.SILU,
                RopeScaling.NONE,
                true,
                Pooling.MEAN,
                Activations.PER_TOKEN);
    }
}
