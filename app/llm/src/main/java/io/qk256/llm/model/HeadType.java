package io.qk256.llm.model;

/** How a model keeps the weights of its last product. */
public enum HeadType {
    /** As the file has them: F16, BF16 and F32 without a copy, Q8_0 with its scales put apart, Q6_K as f16. */
    STORED,

    /** In 8 bits, converted when the model is loaded: fewer bytes to read for every token. */
    INT8
}
