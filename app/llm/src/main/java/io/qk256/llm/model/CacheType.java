package io.qk256.llm.model;

/** How an engine keeps the keys and values of the tokens that it has seen. */
public enum CacheType {
    /**
     * Half precision: half the memory. As in llama.cpp, whose default it is, queries and probabilities are then rounded
     * to f16 as well.
     */
    F16(Short.BYTES),

    /** Single precision, and no rounding. */
    F32(Float.BYTES);

    private final int bytes;

    CacheType(int bytes) {
        this.bytes = bytes;
    }

    /** Bytes of a number. */
    public int bytes() {
        return bytes;
    }
}
