package io.qk256.llm.generation;

import io.qk256.spi.support.UserError;
import java.util.Map;

/**
 * How {@link Sampler} chooses. Names and meaning are those of llama.cpp; of the last two penalties and the bias, those
 * of OpenAI's protocol.
 *
 * @param temperature 0 always takes the most likely token; 1 follows the model's probabilities; higher values are more
 *     random
 * @param topK keep only this many of the most likely tokens; 0 for all
 * @param topP keep only the most likely tokens that together have this probability, in (0, 1]; 1 for all
 * @param minP keep only tokens with at least this fraction of the most likely token's probability, in [0, 1]; 0 for all
 * @param repeatPenalty the logit of a recent token is divided by this if positive, otherwise multiplied; 1 for none
 * @param repeatLast how many tokens count as recent
 * @param seed equal seeds give equal choices for equal logits
 * @param presencePenalty subtracted from the logit of each token that was chosen before, -2 to 2; 0 for none
 * @param frequencyPenalty subtracted as often as the token was chosen before, -2 to 2; 0 for none
 * @param logitBias added to the logits of these tokens, each -100 to 100
 */
public record SamplingOptions(
        double temperature,
        int topK,
        double topP,
        double minP,
        double repeatPenalty,
        int repeatLast,
        long seed,
        double presencePenalty,
        double frequencyPenalty,
        Map<Integer, Double> logitBias) {

    /** @throws UserError if a value is out of range */
    public SamplingOptions {
        logitBias = Map.copyOf(logitBias);
        require(temperature >= 0 && temperature <= 100, "temperature", temperature, "0 to 100");
        require(topK >= 0, "top-k", topK, "0 (all tokens) or more");
        require(topP > 0 && topP <= 1, "top-p", topP, "more than 0, up to 1 (all tokens)");
        require(minP >= 0 && minP <= 1, "min-p", minP, "0 (all tokens) to 1");
        require(repeatPenalty > 0 && repeatPenalty <= 100, "repeat penalty", repeatPenalty, "more than 0, up to 100");
        require(repeatLast >= 0 && repeatLast <= 1 << 20, "repeat window", repeatLast, "0 to 1048576 tokens");
        require(presencePenalty >= -2 && presencePenalty <= 2, "presence penalty", presencePenalty, "-2 to 2");
        require(frequencyPenalty >= -2 && frequencyPenalty <= 2, "frequency penalty", frequencyPenalty, "-2 to 2");
        logitBias.forEach((token, bias) -> {
            require(token >= 0, "token of a bias", token, "0 or more");
            require(bias >= -100 && bias <= 100, "bias of token " + token, bias, "-100 to 100");
        });
    }

    /**
     * Without penalties of tokens that were chosen, and without bias.
     *
     * @throws UserError if a value is out of range
     */
    public SamplingOptions(
            double temperature, int topK, double topP, double minP, double repeatPenalty, int repeatLast, long seed) {
        this(temperature, topK, topP, minP, repeatPenalty, repeatLast, seed, 0, 0, Map.of());
    }

    /** Always the most likely token. */
    public static SamplingOptions greedy() {
        return new SamplingOptions(0, 0, 1, 0, 1, 0, 0);
    }

    /** The same with penalties of tokens that were chosen before. */
    public SamplingOptions withPenalties(double presence, double frequency) {
        return new SamplingOptions(
                temperature, topK, topP, minP, repeatPenalty, repeatLast, seed, presence, frequency, logitBias);
    }

    /** The same with another bias. */
    public SamplingOptions withLogitBias(Map<Integer, Double> bias) {
        return new SamplingOptions(
                temperature,
                topK,
                topP,
                minP,
                repeatPenalty,
                repeatLast,
                seed,
                presencePenalty,
                frequencyPenalty,
                bias);
    }

    private static void require(boolean fits, String name, Number value, String expected) {
        if (!fits) {
            throw new UserError(name + " is " + value + ", expected " + expected);
        }
    }
}
