package io.qk256.llm.model;

import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufFile;
import io.qk256.gguf.GgufTensor;
import io.qk256.gguf.GgufValue;
import io.qk256.gguf.ValueType;
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

    /** Keys that only describe a model, or give the amount of position scaling in case there is any. */
    private static final Set<String> DESCRIPTIVE = Set.of(
            "rope.scale_linear",
            "rope.scaling.factor",
            "rope.scaling.finetuned",
            "rope.scaling.original_context_length",
            "rope.scaling.yarn_beta_fast",
            "rope.scaling.yarn_beta_slow",
            "vocab_size");

    /** Keys that have no effect with this value; 0 has none either, as llama.cpp treats it as absent. */
    private static final Map<String, Double> NEUTRAL = Map.of(
            "embedding_scale", 1.0,
            "expert_weights_scale", 1.0,
            "logit_scale", 1.0,
            "residual_scale", 1.0,
            "rope.scaling.attn_factor", 1.0,
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
     * @throws GgufException if the file is one part of a model
     */
    ModelKeys(GgufFile file, Consumer<String> warnings) throws GgufException {
        this.architecture = file.architecture();
        file.requireWhole(); // The tensors of the other parts would seem to be missing.
        this.file = file;
        this.warnings = warnings;
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

    /** Accepts linear scaling with factor 1: llama.cpp's default for a missing type, and what its converter writes. */
    void requireUnscaledPositions() throws GgufException {
        String scaling = text("rope.scaling.type").orElse("linear");
        if (scaling.equals("none")) {
            return;
        }
        if (!scaling.equals("linear")) {
            throw new GgufException(file.name() + ": " + name("rope.scaling.type") + " is \"" + scaling
                    + "\", expected \"none\" or \"linear\"; position scaling is not supported");
        }
        for (String key : List.of("rope.scaling.factor", "rope.scale_linear")) {
            Optional<GgufValue> factor = find(key);
            if (factor.isPresent() && factor.get().asReal() != 0 && factor.get().asReal() != 1) {
                throw new GgufException(file.name() + ": " + name(key) + " is " + factor.get()
                        + ", expected 1; position scaling is not supported");
            }
        }
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
            if (key.startsWith(HADAMARD)) {
                throw refused(value, "no such key: the weights are stored in another basis, which is not supported");
            }
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
