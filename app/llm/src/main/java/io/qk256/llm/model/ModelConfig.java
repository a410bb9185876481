package io.qk256.llm.model;

import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufFile;
import io.qk256.gguf.GgufTensor;
import io.qk256.gguf.GgufValue;
import java.util.List;
import java.util.Optional;

/**
 * The shape of a BitNet model.
 *
 * @param architecture {@code general.architecture} of the file
 * @param vocabulary number of tokens
 * @param contextLength most tokens that the model was trained to see at once
 * @param width values of a token's state ({@code embedding_length})
 * @param layers number of layers
 * @param feedForward values between the gate and the way back
 * @param heads query heads
 * @param kvHeads key/value heads; {@code heads} is a multiple of it
 * @param headSize values of a head
 * @param rotated values of a head that carry the position, even
 * @param ropeBase base of the angles
 * @param epsilon of the normalisations
 * @param gate how the gate acts
 */
public record ModelConfig(
        String architecture,
        int vocabulary,
        int contextLength,
        int width,
        int layers,
        int feedForward,
        int heads,
        int kvHeads,
        int headSize,
        int rotated,
        float ropeBase,
        float epsilon,
        GateFunction gate) {

    private static final long MAX_VOCABULARY = 1 << 22;
    private static final long MAX_CONTEXT = 1 << 22;
    private static final long MAX_WIDTH = 1 << 17;
    private static final long MAX_LAYERS = 1 << 10;
    private static final double DEFAULT_ROPE_BASE = 10_000;

    /**
     * A shape.
     *
     * @throws IllegalArgumentException if heads do not divide as they must, or a size is no multiple of 32
     */
    public ModelConfig {
        require(heads % kvHeads == 0, "head_count is " + heads + ", expected a multiple of head_count_kv " + kvHeads);
        require(
                width == (long) heads * headSize,
                "embedding_length is " + width + ", expected head_count " + heads + " x the head's size " + headSize);
        requireLanes("embedding_length", width);
        requireLanes("feed_forward_length", feedForward);
        requireLanes("the head's size", headSize);
        require(
                rotated >= 2 && rotated <= headSize && rotated % 2 == 0,
                "rope.dimension_count is " + rotated + ", expected an even number from 2 to the head's size "
                        + headSize);
    }

    /**
     * Reads the shape from a file.
     *
     * @throws GgufException if the file is of another architecture, or a value is missing or makes no sense
     */
    public static ModelConfig of(GgufFile file) throws GgufException {
        String architecture = file.architecture();
        requireWhole(file);
        GateFunction gate = gate(file, architecture);
        requireNoScaling(file, architecture);
        int width = integer(file, architecture + ".embedding_length", MAX_WIDTH);
        int heads = integer(file, architecture + ".attention.head_count", width);
        int headSize = width / heads;
        String kvKey = architecture + ".attention.head_count_kv";
        String rotatedKey = architecture + ".rope.dimension_count";
        try {
            return new ModelConfig(
                    architecture,
                    vocabulary(file),
                    integer(file, architecture + ".context_length", MAX_CONTEXT),
                    width,
                    integer(file, architecture + ".block_count", MAX_LAYERS),
                    integer(file, architecture + ".feed_forward_length", MAX_WIDTH),
                    heads,
                    file.find(kvKey).isPresent() ? integer(file, kvKey, heads) : heads,
                    headSize,
                    file.find(rotatedKey).isPresent() ? integer(file, rotatedKey, headSize) : headSize,
                    positive(file, architecture + ".rope.freq_base", Optional.of(DEFAULT_ROPE_BASE)),
                    positive(file, architecture + ".attention.layer_norm_rms_epsilon", Optional.empty()),
                    gate);
        } catch (IllegalArgumentException e) {
            throw new GgufException(file.name() + ": " + e.getMessage()
                    + "; the file is damaged or of a model that this program does not know");
        }
    }

    /** The key decides; files without it mean what llama.cpp and bitnet.cpp compute for their architecture. */
    private static GateFunction gate(GgufFile file, String architecture) throws GgufException {
        GateFunction ofArchitecture = gateOf(file, architecture);
        Optional<GgufValue> key = file.find(architecture + ".hidden_activation");
        if (key.isEmpty()) {
            return ofArchitecture;
        }
        return switch (key.get().asText()) {
            case "relu2", "relu_squared", "relu^2" -> GateFunction.SQUARED_RELU;
            case "silu", "swish", "swiglu" -> GateFunction.SILU;
            default ->
                throw new GgufException(file.name() + ": " + key.get().key() + " is \""
                        + key.get().asText() + "\", expected relu2 or silu; no other gate is computed here");
        };
    }

    /** What a file leaves open, if it does, and what is assumed. */
    Optional<String> assumption(GgufFile file) {
        boolean open = architecture.equals("bitnet")
                && file.find(architecture + ".hidden_activation").isEmpty();
        return open
                ? Optional.of(
                        file.name() + ": no key bitnet.hidden_activation says how the gate acts; SiLU is taken, as"
                                + " llama.cpp does. If the text makes no sense, the model was trained with squared ReLU: convert"
                                + " it as bitnet-b1.58, or with hidden_activation relu2")
                : Optional.empty();
    }

    private static GateFunction gateOf(GgufFile file, String architecture) throws GgufException {
        return switch (architecture) {
            case "bitnet-b1.58", "bitnet-25" -> GateFunction.SQUARED_RELU;
            case "bitnet" -> GateFunction.SILU;
            default ->
                throw new GgufException(file.name() + ": general.architecture is \"" + architecture
                        + "\", expected bitnet-b1.58, bitnet-25 or bitnet; this program runs BitNet models only");
        };
    }

    /** Linear is what llama.cpp takes a missing type for, and what its converter writes, with the factor 1. */
    private static void requireNoScaling(GgufFile file, String architecture) throws GgufException {
        Optional<GgufValue> type = file.find(architecture + ".rope.scaling.type");
        String scaling = type.isPresent() ? type.get().asText() : "linear";
        if (scaling.equals("none")) {
            return;
        }
        if (!scaling.equals("linear")) {
            throw new GgufException(file.name() + ": " + architecture + ".rope.scaling.type is \"" + scaling
                    + "\", expected \"none\" or \"linear\"; no BitNet model is known that needs it");
        }
        for (String key : List.of(".rope.scaling.factor", ".rope.scale_linear")) {
            Optional<GgufValue> factor = file.find(architecture + key);
            if (factor.isPresent() && factor.get().asReal() != 0 && factor.get().asReal() != 1) {
                throw new GgufException(file.name() + ": " + factor.get().key() + " is " + factor.get()
                        + ", expected 1; no BitNet model is known that needs scaled positions");
            }
        }
    }

    /** Refuses a part of a model, which would seem to lack tensors. */
    private static void requireWhole(GgufFile file) throws GgufException {
        Optional<String> part = file.part();
        if (part.isPresent()) {
            throw new GgufException(part.get());
        }
    }

    private static int vocabulary(GgufFile file) throws GgufException {
        GgufTensor embedding = file.requireTensor(WeightLoader.EMBEDDING);
        require(
                embedding.rows() <= MAX_VOCABULARY,
                embedding.name() + " has " + embedding.rows() + " rows, expected at most " + MAX_VOCABULARY);
        return (int) embedding.rows();
    }

    private static int integer(GgufFile file, String key, long max) throws GgufException {
        return (int) file.require(key).asInteger(1, max);
    }

    private static float positive(GgufFile file, String key, Optional<Double> absent) throws GgufException {
        if (absent.isPresent() && file.find(key).isEmpty()) {
            return absent.get().floatValue();
        }
        float value = (float) file.require(key).asReal();
        if (!(value > 0) || Float.isInfinite(value)) {
            throw new GgufException(
                    file.name() + ": " + key + " is " + value + ", expected a number above 0; the file is damaged");
        }
        return value;
    }

    /** Key or value numbers of a token in one layer. */
    int kvWidth() {
        return kvHeads * headSize;
    }

    private static void requireLanes(String what, int value) {
        require(
                value > 0 && value % Reductions.LANES == 0,
                what + " is " + value + ", expected a multiple of " + Reductions.LANES);
    }

    private static void require(boolean holds, String message) {
        if (!holds) {
            throw new IllegalArgumentException(message);
        }
    }
}
