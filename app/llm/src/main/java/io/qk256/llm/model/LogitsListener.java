package io.qk256.llm.model;

/** Receives the logits of many tokens. */
@FunctionalInterface
public interface LogitsListener {

    /**
     * Receives the logits after a token.
     *
     * @param index of the token in the array passed to the call
     * @param logits a score for each token of the vocabulary; overwritten by the next call
     */
    void accept(int index, float[] logits);
}
