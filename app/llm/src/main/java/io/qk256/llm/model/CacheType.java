package io.qk256.llm.model;

/** The number format of an engine's KV cache. */
public enum CacheType {
    /**
     * Half precision: half the memory. As in llama.cpp, where this is the default, queries and probabilities are
     * rounded to f16 as well.
     */
    F16(Short.BYTES),

    /** Single precision, without rounding. */
    F32(Float.BYTES);

    private final int bytes;

    CacheType(int bytes) {
        this.bytes = bytes;
    }

    /** The size of a number in bytes. */
    public int bytes() {
        return bytes;
    }
}
