package io.qk256.app.model;

import java.util.Arrays;

/**
 * Causal attention of grouped queries: {@code out = softmax(q . k / sqrt(headSize)) . v} over the positions up to the token's
 * own; consecutive query heads share a key/value head. Scores, exponentials and results are f32, their sum f64; with an f16
 * cache the queries and probabilities are rounded to f16, as in ggml, where they are operands of an f16 product.
 *
 * <p>Different (token, key/value head) pairs may be computed by different threads at once.
 */
final class Attention {

    /** Positions whose keys are widened at a time: they stay in the nearest cache. */
    private static final int KEYS_AT_ONCE = 32;

    private final Reductions reductions;
    private final KvCache cache;
    private final int queriesPerHead;
    private final int querySize;
    private final float scale;
    private final ThreadLocal<Scratch> scratch;

    Attention(Reductions reductions, ModelConfig config, KvCache cache) {
        this.reductions = reductions;
        this.cache = cache;
        this.queriesPerHead = config.heads() / config.kvHeads();
        this.querySize = config.heads() * config.headSize();
        this.scale = 1 / (float) Math.sqrt(config.headSize());
        this.scratch = ThreadLocal.withInitial(() -> new Scratch(queriesPerHead, cache));
    }

    /**
     * Attends with all query heads that share a key/value head.
     *
     * @param position of the token
     * @param queries of the batch, rounded by the cache
     * @param out of the batch
     */
    void apply(int layer, int token, int position, int kvHead, float[] queries, float[] out) {
        Scratch mine = scratch.get();
        int from = token * querySize + kvHead * queriesPerHead * cache.headSize;
        int positions = position + 1;
        scores(mine, layer, kvHead, queries, from, positions);
        for (float[] row : mine.scores) {
            softmax(row, positions);
        }
        mix(mine, layer, kvHead, positions, out, from);
    }

    private void scores(Scratch mine, int layer, int kvHead, float[] queries, int from, int positions) {
        int size = cache.headSize;
        for (int first = 0; first < positions; first += KEYS_AT_ONCE) {
            int count = Math.min(KEYS_AT_ONCE, positions - first);
            cache.keys(layer, kvHead, first, count, mine.widened);
            for (int query = 0; query < queriesPerHead; query++) {
                float[] row = mine.scores[query];
                for (int i = 0; i < count; i++) {
                    row[first + i] = reductions.dot(mine.widened, i * size, queries, from + query * size, size) * scale;
                }
            }
        }
    }

    /** Scores become probabilities, with zeros behind them up to a multiple of the lanes. */
    private void softmax(float[] row, int n) {
        float max = Float.NEGATIVE_INFINITY;
        for (int i = 0; i < n; i++) {
            max = Math.max(max, row[i]);
        }
        for (int i = 0; i < n; i++) {
            row[i] = Exp.of(row[i] - max);
        }
        double sum = 0;
        for (int i = 0; i < n; i++) {
            sum += row[i];
        }
        float inverse = (float) (1 / sum);
        for (int i = 0; i < n; i++) {
            row[i] *= inverse;
        }
        cache.round(row, 0, n);
        Arrays.fill(row, n, Reductions.padded(n), 0);
    }

    private void mix(Scratch mine, int layer, int kvHead, int positions, float[] out, int from) {
        int padded = Reductions.padded(positions);
        Arrays.fill(mine.widened, positions, padded, 0);
        for (int dimension = 0; dimension < cache.headSize; dimension++) {
            cache.values(layer, kvHead, dimension, positions, mine.widened);
            for (int query = 0; query < queriesPerHead; query++) {
                out[from + query * cache.headSize + dimension] =
                        reductions.dot(mine.widened, 0, mine.scores[query], 0, padded);
            }
        }
    }

    private static final class Scratch {

        final float[][] scores;
        final float[] widened;

        Scratch(int queries, KvCache cache) {
            int positions = Reductions.padded(cache.capacity);
            scores = new float[queries][positions];
            widened = new float[Math.max(positions, KEYS_AT_ONCE * cache.headSize)];
        }
    }
}
