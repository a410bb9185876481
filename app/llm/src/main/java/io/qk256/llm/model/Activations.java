package io.qk256.llm.model;

/** How the operands of ternary matrices are rounded to int8. */
public enum Activations {
    /** One scale per token, as BitNet models were trained: {@code 127 / max|x|}. */
    PER_TOKEN,

    /** Each 32 values in steps of their own, for models that were trained without rounding of activations. */
    IN_GROUPS
}
