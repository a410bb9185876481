package io.qk256.llm.model;

/**
 * Products of a block of keys with queries, and of a block of values with probabilities. Each sum has one defined
 * order, so that plain code and vector code give the same bits on every machine. Adjacent numbers belong to different
 * sums: no sum crosses the lanes of a vector, so the vector width does not matter. Each thread has its own instance.
 */
abstract sealed class BlockProducts permits PlainBlockProducts, VectorBlockProducts {

    /** The number of positions in a block of keys. */
    static final int LANES = KvCache.BLOCK;

    /**
     * {@code out[i] = sum over d of query[d] * keys[d][i]}, in the order of {@link Reductions#dot}.
     *
     * @param query {@code n} numbers starting at {@code at}
     * @param n a multiple of {@link Reductions#LANES}
     * @param keys {@code n x LANES} numbers
     * @param out {@link #LANES} numbers starting at {@code outAt}
     */
    abstract void dots(float[] query, int at, int n, float[] keys, float[] out, int outAt);

    /**
     * {@code out[row][d] += sum over i of weights[row][i] * values[i][d]}: the products are rounded and summed in
     * order, in f32, then the sum is added.
     *
     * @param weights {@code rows x n} numbers starting at {@code at}, with rows {@code stride} apart
     * @param values {@code n x width} numbers
     * @param width 1 or more
     * @param out {@code rows x width} numbers starting at {@code outAt}
     */
    abstract void addSums(
            float[] weights, int at, int stride, int rows, float[] values, int n, int width, float[] out, int outAt);
}
