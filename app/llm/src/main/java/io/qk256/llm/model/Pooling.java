package io.qk256.llm.model;

/** How the states of a text's tokens become one vector. The values of the key {@code pooling_type} in a file. */
public enum Pooling {
    /** No key, or 0: the file does not say; usual for models that generate text. */
    NONE,

    /** 1: the mean over all tokens. */
    MEAN,

    /** 2: the first token. */
    FIRST,

    /** 3: the last token. */
    LAST
}
