package io.qk256.llm.model;

/** The last product: a score for each token of the vocabulary. Immutable and thread-safe. */
abstract sealed class OutputHead permits DenseHead, Int8Head {

    /** Rows that are worth a thread's while. */
    static final int MIN_ROWS = 64;

    /** Whether the state is to be rounded to f16 before it comes here. */
    abstract boolean roundsToHalf();

    /** Bytes of weights that all logits take. */
    abstract long bytes();

    /** Computes the logits of the tokens {@code [from, to)}. */
    abstract void rows(float[] x, float[] logits, int from, int to);
}
