package io.qk256.llm.generation;

/**
 * How long an answer took. Sampling a token counts as part of decoding it.
 *
 * @param promptTokens prompt tokens that were computed, without those still cached from earlier turns
 * @param promptNanos nanoseconds for all prompt tokens together
 * @param decodedTokens tokens that were decoded
 * @param decodeNanos nanoseconds for all decoded tokens together
 * @param guessedTokens guesses of next tokens that were computed
 * @param rightGuesses number of them that were right: decoded tokens without a pass over the weights of their own
 */
public record GenerationSpeed(
        int promptTokens, long promptNanos, int decodedTokens, long decodeNanos, int guessedTokens, int rightGuesses) {

    /** The speed of nothing. */
    public static final GenerationSpeed NONE = new GenerationSpeed(0, 0, 0, 0, 0, 0);

    /** Prompt tokens per second; NaN if there were none. */
    public double promptRate() {
        return promptTokens == 0 ? Double.NaN : promptTokens * 1e9 / promptNanos;
    }

    /** Decoded tokens per second; NaN if there were none. */
    public double decodeRate() {
        return decodedTokens == 0 ? Double.NaN : decodedTokens * 1e9 / decodeNanos;
    }

    /** Passes over the weights per second of decoding; NaN if there were none. */
    public double passRate() {
        return decodedTokens == 0 ? Double.NaN : (decodedTokens - rightGuesses) * 1e9 / decodeNanos;
    }

    /** The sum of both. */
    public GenerationSpeed plus(GenerationSpeed other) {
        return new GenerationSpeed(
                promptTokens + other.promptTokens,
                promptNanos + other.promptNanos,
                decodedTokens + other.decodedTokens,
                decodeNanos + other.decodeNanos,
                guessedTokens + other.guessedTokens,
                rightGuesses + other.rightGuesses);
    }
}
