package io.qk256.llm.generation;

/**
 * How long an answer took. The sampling of a token counts as part of its decoding.
 *
 * @param promptTokens tokens of the prompt that were computed: those of an earlier turn are remembered
 * @param promptNanos for all of them together
 * @param decodedTokens tokens that were computed one by one
 * @param decodeNanos for all of them together
 */
public record GenerationSpeed(int promptTokens, long promptNanos, int decodedTokens, long decodeNanos) {

    /** Tokens of the prompt in a second; NaN if there was none. */
    public double promptRate() {
        return promptTokens == 0 ? Double.NaN : promptTokens * 1e9 / promptNanos;
    }

    /** Decoded tokens in a second; NaN if there was none. */
    public double decodeRate() {
        return decodedTokens == 0 ? Double.NaN : decodedTokens * 1e9 / decodeNanos;
    }

    /** Both together. */
    public GenerationSpeed plus(GenerationSpeed other) {
        return new GenerationSpeed(
                promptTokens + other.promptTokens,
                promptNanos + other.promptNanos,
                decodedTokens + other.decodedTokens,
                decodeNanos + other.decodeNanos);
    }
}
