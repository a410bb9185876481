package io.qk256.llm.generation;

/**
 * Options for generating text.
 *
 * @param maxTokens maximum number of tokens to generate, 0 or more
 * @param sampling how tokens are chosen
 * @param whenFull what to do when the context is full
 * @param lookup whether to guess the next tokens by looking up the last ones in the text so far, and to compute several
 *     in one pass where that is faster; the text is the same
 */
public record GenerationOptions(int maxTokens, SamplingOptions sampling, WhenFull whenFull, boolean lookup) {

    /** What to do when the context is full. */
    public enum WhenFull {
        /** End the answer: {@link Generator.End#CONTEXT}. */
        STOP,

        /**
         * Forget the older half of the text, except its first token, and compute the rest again. Generation goes on,
         * with less knowledge of the beginning. {@link Generator.Answer#forgotten} counts the forgotten tokens.
         */
        FORGET_OLDEST
    }

    /** @throws IllegalArgumentException if {@code maxTokens} is negative */
    public GenerationOptions {
        if (maxTokens < 0) {
            throw new IllegalArgumentException("tokens to write: " + maxTokens + ", expected 0 or more");
        }
    }

    /** The defaults: always the most likely token, until the model ends the text or the context is full. */
    public static GenerationOptions usual() {
        return new GenerationOptions(Integer.MAX_VALUE, SamplingOptions.greedy(), WhenFull.STOP, false);
    }

    /** The same with another maximum number of tokens. */
    public GenerationOptions withMaxTokens(int tokens) {
        return new GenerationOptions(tokens, sampling, whenFull, lookup);
    }

    /** The same with other sampling options. */
    public GenerationOptions withSampling(SamplingOptions other) {
        return new GenerationOptions(maxTokens, other, whenFull, lookup);
    }

    /** The same with another choice for a full context. */
    public GenerationOptions withWhenFull(WhenFull other) {
        return new GenerationOptions(maxTokens, sampling, other, lookup);
    }

    /** The same with or without guesses. */
    public GenerationOptions withLookup(boolean other) {
        return new GenerationOptions(maxTokens, sampling, whenFull, other);
    }
}
