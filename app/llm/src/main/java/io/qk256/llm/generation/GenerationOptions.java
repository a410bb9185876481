package io.qk256.llm.generation;

/**
 * What to write.
 *
 * @param maxTokens how many tokens at most, 0 or more
 * @param sampling how each is chosen
 * @param whenFull what happens when no more tokens fit the context
 */
public record GenerationOptions(int maxTokens, SamplingOptions sampling, WhenFull whenFull) {

    /** What happens when no more tokens fit the context. */
    public enum WhenFull {
        /** The answer ends there: {@link Generator.End#CONTEXT}. */
        STOP,

        /**
         * The older half of the text is forgotten, but for its first token, and the rest computed again: text goes on, and
         * knows less of its beginning. {@link Generator.Answer#forgotten} tells.
         */
        FORGET_OLDEST
    }

    /** @throws IllegalArgumentException if there are less than 0 tokens to write */
    public GenerationOptions {
        if (maxTokens < 0) {
            throw new IllegalArgumentException("tokens to write: " + maxTokens + ", expected 0 or more");
        }
    }

    /** Up to the end that the model finds, or that of the context; the likeliest token always. */
    public static GenerationOptions usual() {
        return new GenerationOptions(Integer.MAX_VALUE, SamplingOptions.greedy(), WhenFull.STOP);
    }

    /** The same with another number of tokens at most. */
    public GenerationOptions withMaxTokens(int tokens) {
        return new GenerationOptions(tokens, sampling, whenFull);
    }

    /** The same with another way to choose tokens. */
    public GenerationOptions withSampling(SamplingOptions other) {
        return new GenerationOptions(maxTokens, other, whenFull);
    }

    /** The same with something else when the context is full. */
    public GenerationOptions withWhenFull(WhenFull other) {
        return new GenerationOptions(maxTokens, sampling, other);
    }
}
