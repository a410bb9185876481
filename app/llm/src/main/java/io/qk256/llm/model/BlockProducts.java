package io.qk256.llm.model;

/**
 * Products of a block of keys with queries, and of a block of values with probabilities. Each sum has one defined
 * order, so that plain code and vector code give the same bits on every machine. Adjacent numbers belong to different
 * sums: no sum crosses the lanes of a vector, so the vector width does not matter. Each thread has its own instance.
 *
 * <p>Multiplications and additions are fused. If both factors come from f16, their product is exact in f32, and fused or
 * not makes no difference.
 */
abstract sealed class BlockProducts permits PlainBlockProducts, VectorBlockProducts {

    /** The number of positions in a block of keys. */
    static final int LANES = KvCache.BLOCK;

    /**
     * {@code out[row][i] = sum over d of queries[row][d] * keys[d][i]}, in the order of {@link Reductions#dot},
     * fused.
     *
     * @param queries {@code rows x n} numbers starting at {@code at}
     * @param n a multiple of {@link Reductions#LANES}
     * @param keys {@code n x LANES} numbers
     * @param out receives {@link #LANES} numbers a row, starting at {@code outAt}, with rows {@code stride} apart
     */
    abstract void dots(float[] queries, int at, int rows, int n, float[] keys, float[] out, int outAt, int stride);

    /**
     * {@code out[row][d] += sum over i of weights[row][i] * values[i][d]}: the products are summed in order, fused,
     * in f32, then the sum is added.
     *
     * @param weights {@code rows x n} numbers starting at {@code at}, with rows {@code stride} apart
     * @param values {@code n x width} numbers
     * @param width 1 or more
     * @param out {@code rows x width} numbers starting at {@code outAt}
     */
    abstract void addSums(
            float[] weights, int at, int stride, int rows, float[] values, int n, int width, float[] out, int outAt);
}
