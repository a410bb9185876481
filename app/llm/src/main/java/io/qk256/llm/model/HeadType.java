package io.qk256.llm.model;

/** How a model stores the weights of its output head in memory. */
public enum HeadType {
    /** As in the file: F16, BF16 and F32 without copying, Q8_0 with its scales separated, Q6_K converted to f16. */
    STORED,

    /** In 8 bits, converted when the model is loaded: fewer bytes to read per token. */
    INT8,

    /**
     * As {@link #INT8}, with a copy in 4 bits beside it, half as large again. Where only the most likely tokens matter,
     * the copy rules out all others, and only the rows of the rest are read in 8 bits; see {@link Sequence#wantBest}.
     */
    SCREENED
}
