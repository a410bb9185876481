package io.qk256.llm.model;

/** The output head: computes a logit for each token of the vocabulary. Immutable and thread-safe. */
abstract sealed class OutputHead permits DenseHead, Int8Head {

    /** The least number of rows worth giving to a thread. */
    static final int MIN_ROWS = 64;

    /** Whether the caller must round the state to f16. */
    abstract boolean roundsToHalf();

    /** The bytes of weights read to compute all logits. */
    abstract long bytes();

    /** Computes the logits of the tokens {@code [from, to)}. */
    abstract void rows(float[] x, float[] logits, int from, int to);
}
