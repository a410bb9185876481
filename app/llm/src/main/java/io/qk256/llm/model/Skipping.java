package io.qk256.llm.model;

/**
 * Which weights of a feed-forward network with squared ReLU are not read when a token is decoded alone, because they would be
 * multiplied by 0. The results have the same bits. A dense state is multiplied as a whole. Other models have nothing to skip.
 */
public enum Skipping {
    /** Everything is read. */
    NONE,

    /** Rows of the up projection whose gate is not positive. */
    ROWS,

    /**
     * Also columns of the down projection whose input is 0. It takes a second copy of that matrix, by columns: a quarter of
     * the 2-bit weights of such models.
     */
    ROWS_AND_COLUMNS
}
