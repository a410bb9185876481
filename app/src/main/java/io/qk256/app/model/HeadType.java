package io.qk256.app.model;

/** How a model keeps the weights of its last product. */
public enum HeadType {
    /** As the file has them, without a copy. */
    STORED,

    /** In 8 bits, converted when the model is loaded: fewer bytes to read for every token. */
    INT8
}
