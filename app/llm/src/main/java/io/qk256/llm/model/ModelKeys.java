package io.qk256.llm.model;

import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufFile;
import io.qk256.gguf.GgufTensor;
import io.qk256.gguf.GgufValue;
import io.qk256.gguf.TensorType;
import io.qk256.gguf.ValueType;
import io.qk256.gguf.convert.Conversion;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * The keys of a file that belong to its architecture, named without its prefix. An {@link Architecture} reads those
 * that it knows. {@link #requireNothingElse} then ensures that no other key changes what the model computes: a key that
 * requires what is not supported is refused by name, an unknown key with a neutral value gives a warning, and the
 * remaining keys do not affect the computation.
 *
 * <p>Source of the keys: ggml-org/llama.cpp {@code src/llama-arch.cpp}; of their defaults, {@code src/llama-model.cpp}.
 */
final class ModelKeys {

    /** Keys that only describe a model, or parameters of a kind of scaling that it may not have. */
    private static final Set<String> DESCRIPTIVE = Set.of(
            "rope.scale_linear",
            "rope.scaling.factor",
            "rope.scaling.finetuned",
            "rope.scaling.original_context_length",
            "rope.scaling.yarn_beta_fast",
            "rope.scaling.yarn_beta_slow",
            "rope.scaling.yarn_log_multiplier",
            "vocab_size");

    /** Types for models that were trained with one scale per token. */
    private static final Set<TensorType> PER_TOKEN =
            Set.of(TensorType.I2_S, TensorType.I2_S_ARM, TensorType.I2_S_ROWS4);

    private static final float DEFAULT_ROPE_BASE = 10_000;

    /** Keys that have no effect with this value; 0 has none either, as llama.cpp treats it as absent. */
    private static final Map<String, Double> NEUTRAL = Map.of(
            "embedding_scale", 1.0,
            "expert_weights_scale", 1.0,
            "logit_scale", 1.0,
            "residual_scale", 1.0,
            "rope.scaling.yarn_attn_factor", 1.0);

    /** Prefix of keys that mark any model whose weights were transformed before they were stored. */
    private static final String HADAMARD = "prism.hadamard.";

    private final GgufFile file;
    private final String architecture;
    private final Consumer<String> warnings;
    private final Set<String> asked = new HashSet<>(DESCRIPTIVE);

    /**
     * Reads the keys of a file.
     *
     * @param warnings receives warnings about what is not refused but may matter
     * @throws GgufException if the file is one part of a model, or its weights are not those of the named architecture
     */
    ModelKeys(GgufFile file, Consumer<String> warnings) throws GgufException {
        this.architecture = file.architecture();
        requireUnrotated(file);
        file.requireWhole(); // The tensors of the other parts would seem to be missing.
        this.file = file;
        this.warnings = warnings;
    }

    private static void requireUnrotated(GgufFile file) throws GgufException {
        for (GgufValue value : file.metadata().values()) {
            if (value.key().startsWith(HADAMARD)) {
                throw new GgufException(file.name() + ": " + value.key() + " is " + shown(value)
                        + ", expected no such key: the weights are stored rotated, as those of Bonsai 2, and need a"
                        + " Hadamard transform of every activation, which is not supported");
            }
        }
    }

    /** {@code general.architecture}, the prefix of the other keys. */
    String architecture() {
        return architecture;
    }

    /** The vocabulary size: the number of rows of the embedding. */
    int vocabulary() throws GgufException {
        GgufTensor embedding = file.requireTensor(Weights.EMBEDDING + ".weight");
        if (embedding.rows() > ModelConfig.MAX_VOCABULARY) {
            throw new IllegalArgumentException(embedding.name() + " has " + embedding.rows()
                    + " rows, expected at most " + ModelConfig.MAX_VOCABULARY);
        }
        return (int) embedding.rows();
    }

    /** A number from 1 to {@code max}. */
    int integer(String key, int max) throws GgufException {
        asked.add(key);
        return (int) file.require(name(key)).asInteger(1, max);
    }

    /** A number from 1 to {@code max}; {@code absent} if there is no such key. */
    int integer(String key, int max, int absent) throws GgufException {
        asked.add(key);
        return find(key).isPresent() ? integer(key, max) : absent;
    }

    /** A number above 0. */
    float positive(String key) throws GgufException {
        asked.add(key);
        float value = (float) file.require(name(key)).asReal();
        if (!(value > 0) || Float.isInfinite(value)) {
            throw new GgufException(file.name() + ": " + name(key) + " is " + value
                    + ", expected a number above 0; the file is damaged");
        }
        return value;
    }

    /** A number above 0; {@code absent} if there is no such key. */
    float positive(String key, float absent) throws GgufException {
        asked.add(key);
        return find(key).isPresent() ? positive(key) : absent;
    }

    /** A number above 0; {@code absent} if there is no such key, or if it is 0, as in llama.cpp. */
    private float positiveOrZero(String key, float absent) throws GgufException {
        return real(key, 0) == 0 ? absent : positive(key);
    }

    /** A finite number; {@code absent} if there is no such key. */
    private float real(String key, float absent) throws GgufException {
        asked.add(key);
        Optional<GgufValue> value = find(key);
        return value.isPresent() ? (float) value.get().asReal() : absent;
    }

    /** A text, if there is such a key. */
    Optional<String> text(String key) throws GgufException {
        asked.add(key);
        Optional<GgufValue> value = find(key);
        return value.isPresent() ? Optional.of(value.get().asText()) : Optional.empty();
    }

    /** Refuses any other number, if the key exists. */
    void requireIfThere(String key, int number, String because) throws GgufException {
        asked.add(key);
        Optional<GgufValue> value = find(key);
        if (value.isPresent() && value.get().asInteger(0, Integer.MAX_VALUE) != number) {
            throw refused(value.get(), number + ", " + because);
        }
    }

    /**
     * The shape, from the keys that all families have in common, with the defaults of llama.cpp.
     *
     * @param gate the gate function unless a key says otherwise
     * @param inputNorms whether each ternary matrix has a norm of its own for its input
     */
    ModelConfig shape(GateFunction gate, boolean inputNorms) throws GgufException {
        int context = integer("context_length", ModelConfig.MAX_CONTEXT);
        int width = integer("embedding_length", ModelConfig.MAX_WIDTH);
        int heads = integer("attention.head_count", width);
        int headSize = integer("attention.key_length", ModelConfig.MAX_WIDTH, Math.max(1, width / heads));
        requireIfThere("attention.value_length", headSize, "the size of a key; other sizes are not supported");
        ModelConfig config = new ModelConfig(
                architecture,
                vocabulary(),
                context,
                width,
                integer("block_count", ModelConfig.MAX_LAYERS),
                integer("feed_forward_length", ModelConfig.MAX_WIDTH),
                heads,
                integer("attention.head_count_kv", heads, heads),
                headSize,
                integer("rope.dimension_count", headSize, headSize),
                positive("rope.freq_base", DEFAULT_ROPE_BASE),
                positive("attention.layer_norm_rms_epsilon"),
                gate(gate),
                scaling(context),
                inputNorms,
                pooling(),
                Activations.PER_TOKEN);
        if (find("attention.key_length").isEmpty() && config.attentionWidth() != width) {
            throw new IllegalArgumentException("embedding_length is " + width + ", expected head_count " + heads
                    + " x the head's size " + headSize);
        }
        return config;
    }

    private GateFunction gate(GateFunction usual) throws GgufException {
        Optional<String> activation = text("hidden_activation");
        if (activation.isEmpty()) {
            return usual;
        }
        return switch (activation.get()) {
            case "relu2", "relu_squared", "relu^2" -> GateFunction.SQUARED_RELU;
            case "silu", "swish", "swiglu" -> GateFunction.SILU;
            case "gelu_tanh", "gelu_pytorch_tanh" -> GateFunction.GELU;
            default -> throw refused("hidden_activation", "relu2, silu or gelu_tanh; no other gate is supported");
        };
    }

    private Pooling pooling() throws GgufException {
        asked.add("pooling_type");
        Optional<GgufValue> value = find("pooling_type");
        if (value.isEmpty()) {
            return Pooling.NONE;
        }
        Pooling[] kinds = Pooling.values();
        long kind = value.get().asInteger(0, Integer.MAX_VALUE);
        if (kind >= kinds.length) {
            throw refused(value.get(), "0 to 3 (none, mean, first or last token); no other pooling is supported");
        }
        return kinds[(int) kind];
    }

    /** Scaling of positions, as in {@code llama-context.cpp} and ggml's {@code rope_yarn}. */
    private RopeScaling scaling(int context) throws GgufException {
        String type = text("rope.scaling.type").orElse("linear");
        if (!List.of("none", "linear", "yarn").contains(type)) {
            throw new GgufException(file.name() + ": " + name("rope.scaling.type") + " is \"" + type
                    + "\", expected \"none\", \"linear\" or \"yarn\"; no other scaling of positions is supported");
        }
        float factor = type.equals("none") ? 1 : factor();
        float magnitude = positiveOrZero("rope.scaling.attn_factor", 1);
        float blend = real("rope.scaling.yarn_ext_factor", type.equals("yarn") ? 1 : 0);
        if (!type.equals("yarn")) {
            if (blend != 0) {
                throw refused("rope.scaling.yarn_ext_factor", "0, because the scaling is not yarn but " + type);
            }
            return RopeScaling.linear(factor).withMagnitude(magnitude);
        }
        float multiplier = real("rope.scaling.yarn_log_multiplier", 0);
        if (blend != 0) {
            magnitude *= RopeScaling.yarnMagnitude(factor, 1) / RopeScaling.yarnMagnitude(factor, multiplier);
        }
        return new RopeScaling(
                factor,
                blend,
                magnitude,
                integer("rope.scaling.original_context_length", ModelConfig.MAX_CONTEXT, context),
                positive("rope.scaling.yarn_beta_fast", RopeScaling.YARN_FAST_TURNS),
                positive("rope.scaling.yarn_beta_slow", RopeScaling.YARN_SLOW_TURNS));
    }

    /** The second key is the old name of the first. */
    private float factor() throws GgufException {
        return positiveOrZero("rope.scaling.factor", positiveOrZero("rope.scale_linear", 1));
    }

    /**
     * How activations are rounded in a family that has models of both kinds. Those in I2_S, BitNet's own type, were
     * trained with one scale per token, and so were those with norms before each projection. The file does not say it
     * of others, for which groups are right in any case. A converted file has a key that tells what it was before.
     */
    Activations activations(boolean inputNorms) throws GgufException {
        Optional<GgufValue> stored = file.find(Conversion.ACTIVATIONS_KEY);
        if (stored.isPresent()) {
            return switch (stored.get().asText()) {
                case Conversion.PER_TOKEN -> Activations.PER_TOKEN;
                case Conversion.IN_GROUPS -> Activations.IN_GROUPS;
                default -> throw refused(stored.get(), Conversion.PER_TOKEN + " or " + Conversion.IN_GROUPS);
            };
        }
        TensorType type =
                file.findTensor("blk.0.attn_q.weight").map(GgufTensor::type).orElse(TensorType.I2_S);
        return inputNorms || PER_TOKEN.contains(type) ? Activations.PER_TOKEN : Activations.IN_GROUPS;
    }

    /** Whether the file has a tensor. */
    boolean hasTensor(String name) {
        return file.findTensor(name).isPresent();
    }

    /** Gives a warning: not an error, but the user should know. */
    void warn(String message) {
        warnings.accept(file.name() + ": " + message);
    }

    /** The error for a key with an unsupported value. */
    GgufException refused(String key, String expected) throws GgufException {
        return refused(file.require(name(key)), expected);
    }

    /**
     * Checks all keys that were not read.
     *
     * @throws GgufException if one requires what is not supported
     */
    void requireNothingElse(ModelConfig config) throws GgufException {
        warnOfVocabulary(config);
        String prefix = name("");
        for (GgufValue value : file.metadata().values()) {
            String key = value.key();
            if (key.startsWith(prefix) && !asked.contains(key.substring(prefix.length()))) {
                check(value, key.substring(prefix.length()), config);
            }
        }
    }

    private void warnOfVocabulary(ModelConfig config) throws GgufException {
        Optional<GgufValue> value = find("vocab_size");
        if (value.isPresent() && value.get().asInteger(0, Integer.MAX_VALUE) != config.vocabulary()) {
            warn(value.get().key() + " is " + value.get() + ", but the embedding has " + config.vocabulary()
                    + " rows, which are used");
        }
    }

    private String name(String key) {
        return architecture + "." + key;
    }

    private Optional<GgufValue> find(String key) {
        return file.find(name(key));
    }

    private void check(GgufValue value, String key, ModelConfig config) throws GgufException {
        switch (key) {
            case "attention.causal" -> {
                if (!value.asBool()) {
                    throw refused(value, "true: only causal attention is supported");
                }
            }
            case "attention.scale" -> {
                double wanted = 1 / Math.sqrt(config.headSize());
                double seen = value.asReal();
                if (seen != 0 && Math.abs(seen - wanted) > 1e-6 * wanted) {
                    throw refused(value, wanted + ", 1 divided by the square root of the head size");
                }
            }
            case "attention.sliding_window" -> {
                long window = value.asInteger(0, Long.MAX_VALUE);
                if (window != 0 && window < config.contextLength()) {
                    throw refused(value, "0, or the context of " + config.contextLength() + " tokens");
                }
            }
            default -> checkNeutral(value, key);
        }
    }

    private void checkNeutral(GgufValue value, String key) throws GgufException {
        Double neutral = NEUTRAL.get(key);
        if (neutral != null) {
            double seen = number(value);
            if (seen != 0 && seen != neutral) {
                throw refused(value, neutral + ", which changes nothing");
            }
        } else if (asksForSomething(value)) {
            throw refused(value, "no such key, or 0: what it asks for is not supported");
        } else {
            warn(value.key() + " is unknown and is ignored; its value has no effect");
        }
    }

    private static double number(GgufValue value) throws GgufException {
        return value.type().isReal() ? value.asReal() : value.asInteger(Long.MIN_VALUE, Long.MAX_VALUE);
    }

    private static boolean asksForSomething(GgufValue value) throws GgufException {
        return switch (value.type()) {
            case BOOL -> value.asBool();
            case STRING -> !value.asText().isEmpty() && !value.asText().equals("none");
            case ARRAY -> value.array().isPresent() && value.array().get().size() > 0;
            default -> value.type() == ValueType.U64 ? !value.toString().equals("0") : number(value) != 0;
        };
    }

    private GgufException refused(GgufValue value, String expected) {
        return new GgufException(file.name() + ": " + value.key() + " is " + shown(value) + ", expected " + expected
                + "; ignoring it would change the text");
    }

    private static String shown(GgufValue value) {
        return value.type() == ValueType.STRING ? '"' + value.toString() + '"' : value.toString();
    }
}
