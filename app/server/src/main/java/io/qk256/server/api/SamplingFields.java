package io.qk256.server.api;

import com.google.gson.JsonElement;
import io.qk256.llm.generation.SamplingOptions;
import io.qk256.server.http.ApiException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.regex.Pattern;

/** Reads how tokens are chosen. What a request does not say is as in the command {@code run}. */
final class SamplingFields {

    private static final double TEMPERATURE = 0.6;
    private static final int TOP_K = 40;
    private static final int REPEAT_LAST = 64;

    /** Random seeds are short enough to be typed again. */
    private static final int RANDOM_SEEDS = 1_000_000;

    private static final int MOST_BIASES = 1024;

    /** Without zeros before it, with which a token could have two biases. */
    private static final Pattern TOKEN = Pattern.compile("0|[1-9]\\d{0,8}");

    private SamplingFields() {}

    /** @param vocabulary the number of tokens of the model */
    static SamplingOptions read(Fields fields, int vocabulary) {
        double topP = fields.number("top_p", 0, 1).orElse(1);
        if (topP == 0) {
            throw ApiException.invalid(
                    "top_p",
                    "invalid_value",
                    "top_p is 0, expected more than 0, up to 1 (all tokens); for the most likely"
                            + " token only, set temperature to 0");
        }
        double repeat = fields.number("repeat_penalty", 0, 100).orElse(1);
        if (repeat == 0) {
            throw ApiException.invalid(
                    "repeat_penalty", "invalid_value", "repeat_penalty is 0, expected more than 0; 1 is off");
        }
        return new SamplingOptions(
                fields.number("temperature", 0, 100).orElse(TEMPERATURE),
                fields.whole("top_k", 0, Integer.MAX_VALUE).orElse(TOP_K),
                topP,
                fields.number("min_p", 0, 1).orElse(0),
                repeat,
                REPEAT_LAST,
                fields.wholeLong("seed", Long.MIN_VALUE, Long.MAX_VALUE)
                        .orElseGet(() -> new SplittableRandom().nextInt(RANDOM_SEEDS)),
                fields.number("presence_penalty", -2, 2).orElse(0),
                fields.number("frequency_penalty", -2, 2).orElse(0),
                bias(fields, vocabulary));
    }

    private static Map<Integer, Double> bias(Fields fields, int vocabulary) {
        Optional<Fields> given = fields.object("logit_bias");
        Map<Integer, Double> bias = new HashMap<>();
        if (given.isPresent()) {
            for (Map.Entry<String, JsonElement> entry : given.get().whole().entrySet()) {
                String where = "logit_bias." + entry.getKey();
                if (!TOKEN.matcher(entry.getKey()).matches() || Integer.parseInt(entry.getKey()) >= vocabulary) {
                    throw ApiException.invalid(
                            "logit_bias",
                            "invalid_value",
                            "logit_bias has the key \"" + Fields.shortened(entry.getKey())
                                    + "\" which is no token, expected 0 to " + (vocabulary - 1)
                                    + "; ask /tokenize for the tokens of a text");
                }
                bias.put(Integer.valueOf(entry.getKey()), Fields.number(entry.getValue(), where, -100, 100));
            }
        }
        if (bias.size() > MOST_BIASES) {
            throw ApiException.invalid(
                    "logit_bias",
                    "invalid_value",
                    "logit_bias has " + bias.size() + " tokens, expected at most " + MOST_BIASES);
        }
        return bias;
    }

    /** The same for the choice of this number: the first one has the request's seed, the next one the next seed. */
    static SamplingOptions of(SamplingOptions options, int choice) {
        return new SamplingOptions(
                options.temperature(),
                options.topK(),
                options.topP(),
                options.minP(),
                options.repeatPenalty(),
                options.repeatLast(),
                options.seed() + choice,
                options.presencePenalty(),
                options.frequencyPenalty(),
                options.logitBias());
    }
}
