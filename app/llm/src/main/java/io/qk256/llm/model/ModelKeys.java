package io.qk256.llm.model;

import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufFile;
import io.qk256.gguf.GgufValue;
import io.qk256.gguf.ValueType;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Makes sure that no key of a file changes what its model computes without this program knowing: a key that asks for what is
 * not computed is refused by name, one that is unknown and asks for nothing is told, and the others are read or say nothing
 * about the computation.
 *
 * <p>Source of the keys: ggml-org/llama.cpp {@code src/llama-arch.cpp}, and what {@code src/llama-model.cpp} does without them.
 */
final class ModelKeys {

    /** What {@link ModelConfig} reads, or what only describes. All are preceded by the architecture. */
    private static final Set<String> READ = Set.of(
            "attention.head_count",
            "attention.head_count_kv",
            "attention.key_length",
            "attention.layer_norm_rms_epsilon",
            "attention.value_length",
            "block_count",
            "context_length",
            "embedding_length",
            "feed_forward_length",
            "hidden_activation",
            "rope.dimension_count",
            "rope.freq_base",
            "rope.scale_linear",
            "rope.scaling.factor",
            "rope.scaling.finetuned",
            "rope.scaling.original_context_length",
            "rope.scaling.type",
            "rope.scaling.yarn_beta_fast",
            "rope.scaling.yarn_beta_slow",
            "vocab_size");

    /** Numbers that change nothing if they have this value; 0 changes nothing either, as llama.cpp takes it for absent. */
    private static final Map<String, Double> NEUTRAL = Map.of(
            "embedding_scale", 1.0,
            "expert_weights_scale", 1.0,
            "logit_scale", 1.0,
            "residual_scale", 1.0,
            "rope.scaling.attn_factor", 1.0,
            "rope.scaling.yarn_attn_factor", 1.0);

    /** Keys of any model that make it another one: weights that were transformed before they were stored. */
    private static final String HADAMARD = "prism.hadamard.";

    private final GgufFile file;
    private final ModelConfig config;
    private final String prefix;
    private final Consumer<String> warnings;

    private ModelKeys(GgufFile file, ModelConfig config, Consumer<String> warnings) {
        this.file = file;
        this.config = config;
        this.prefix = config.architecture() + ".";
        this.warnings = warnings;
    }

    /**
     * Looks through all keys.
     *
     * @param warnings hears of what is not refused and may matter
     * @throws GgufException if a key asks for what is not computed, or contradicts another
     */
    static void check(GgufFile file, ModelConfig config, Consumer<String> warnings) throws GgufException {
        new ModelKeys(file, config, warnings).check();
    }

    private void check() throws GgufException {
        requireHeadSize("attention.key_length");
        requireHeadSize("attention.value_length");
        warnOfVocabulary();
        for (GgufValue value : file.metadata().values()) {
            String key = value.key();
            if (key.startsWith(HADAMARD)) {
                throw refused(
                        value, "no such key: the weights are stored in another basis, which is not turned back here");
            }
            if (key.startsWith(prefix) && !READ.contains(key.substring(prefix.length()))) {
                check(value, key.substring(prefix.length()));
            }
        }
    }

    private void requireHeadSize(String key) throws GgufException {
        Optional<GgufValue> value = file.find(prefix + key);
        if (value.isPresent() && value.get().asInteger(0, Integer.MAX_VALUE) != config.headSize()) {
            throw refused(
                    value.get(), config.headSize() + ", which is embedding_length divided by attention.head_count");
        }
    }

    private void warnOfVocabulary() throws GgufException {
        Optional<GgufValue> value = file.find(prefix + "vocab_size");
        if (value.isPresent() && value.get().asInteger(0, Integer.MAX_VALUE) != config.vocabulary()) {
            warnings.accept(file.name() + ": " + value.get().key() + " is " + value.get() + ", but the embedding has "
                    + config.vocabulary() + " rows, which are used");
        }
    }

    private void check(GgufValue value, String key) throws GgufException {
        switch (key) {
            case "attention.causal" -> {
                if (!value.asBool()) {
                    throw refused(value, "true: tokens see those before them only");
                }
            }
            case "attention.scale" -> {
                double wanted = 1 / Math.sqrt(config.headSize());
                double seen = value.asReal();
                if (seen != 0 && Math.abs(seen - wanted) > 1e-6 * wanted) {
                    throw refused(value, wanted + ", 1 divided by the root of the head's size");
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
            throw refused(value, "no such key, or 0: what it asks for is not computed here");
        } else {
            warnings.accept(
                    file.name() + ": " + value.key() + " is not known and is ignored; its value asks for nothing");
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
                + "; to ignore it would give other text");
    }

    private static String shown(GgufValue value) {
        return value.type() == ValueType.STRING ? '"' + value.toString() + '"' : value.toString();
    }
}
