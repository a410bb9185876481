package io.qk256.llm.model;

/** How a model stores the weights of its output head in memory. */
public enum HeadType {
    /** As in the file: F16, BF16 and F32 without copying, Q8_0 with its scales separated, Q6_K converted to f16. */
    STORED,

    /** In 8 bits, converted when the model is loaded: fewer bytes to read per token. */
    INT8
}
