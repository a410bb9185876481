package io.qk256.llm.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.Arena;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Attention with heads of any size, compared with a plain computation in f64. */
class AttentionTest {

    private static final int KV_HEADS = 2;
    private static final int HEADS = 8;
    private static final int TOKENS = 40;
    private static final int TOGETHER = 16;

    @ParameterizedTest
    @ValueSource(ints = {4, 20, 32, 48, 96, 100, 128})
    void isThatOfThePlainFormula(int headSize) {
        ModelConfig config = new ModelConfig(
                "llama", 8, TOKENS, 64, 1, 64, HEADS, KV_HEADS, headSize, 2, 1e4f, 1e-5f, GateFunction.SILU);
        KvCache cache = KvCache.of(Arena.ofAuto(), CacheType.F32, config, TOKENS);
        PageTable pages = new PageTable(cache);
        pages.reserve(0, TOKENS);
        SplittableRandom random = new SplittableRandom(headSize);
        float[] queries = numbers(random, TOKENS * HEADS * headSize);
        float[] keys = numbers(random, TOKENS * KV_HEADS * headSize);
        float[] values = numbers(random, TOKENS * KV_HEADS * headSize);
        for (int i = 0; i < TOKENS; i++) {
            cache.put(pages.page(i), 0, i, keys, values, i * KV_HEADS * headSize);
        }
        Attention attention = new Attention(config, cache, TOGETHER);
        float[] out = new float[queries.length];
        for (int head = 0; head < KV_HEADS; head++) {
            for (int first = 0; first < TOKENS; first += TOGETHER) {
                int count = Math.min(TOGETHER, TOKENS - first);
                attention.apply(pages, 0, head, first, count, first, queries, out);
            }
        }
        for (int token = 0; token < TOKENS; token++) {
            for (int head = 0; head < HEADS; head++) {
                double[] expected = expected(queries, keys, values, token, head, headSize);
                for (int d = 0; d < headSize; d++) {
                    assertThat((double) out[(token * HEADS + head) * headSize + d])
                            .as("token %d, head %d, value %d", token, head, d)
                            .isCloseTo(expected[d], within(2e-6));
                }
            }
        }
    }

    /** With so many positions and queries, a thread has no room for the scores of all tokens at once. */
    @Test
    void tokensTogetherGiveTheBitsOfEachAlone() {
        int positions = 1000;
        int headSize = 8;
        ModelConfig config =
                new ModelConfig("llama", 8, positions, 64, 1, 64, 64, 1, headSize, 2, 1e4f, 1e-5f, GateFunction.SILU);
        KvCache cache = KvCache.of(Arena.ofAuto(), CacheType.F16, config, positions);
        PageTable pages = new PageTable(cache);
        pages.reserve(0, positions);
        SplittableRandom random = new SplittableRandom(7);
        float[] keys = numbers(random, positions * headSize);
        for (int i = 0; i < positions; i++) {
            cache.put(pages.page(i), 0, i, keys, keys, i * headSize);
        }
        int count = TOGETHER;
        int first = positions - count;
        float[] queries = numbers(random, count * 64 * headSize);
        cache.round(queries, 0, queries.length);
        Attention attention = new Attention(config, cache, TOGETHER);
        float[] together = new float[queries.length];
        attention.apply(pages, 0, 0, 0, count, first, queries, together);
        float[] alone = new float[queries.length];
        for (int i = 0; i < count; i++) {
            attention.apply(pages, 0, 0, i, 1, first + i, queries, alone);
        }
        assertThat(together).isEqualTo(alone).doesNotContain(Float.NaN);
    }

    @Test
    void tokensAreTogetherAsLongAsThreadsHaveWork() {
        ModelConfig config =
                new ModelConfig("llama", 8, TOKENS, 64, 1, 64, 20, 5, 128, 2, 1e4f, 1e-5f, GateFunction.SILU);
        assertThat(Attention.tokensTogether(config, 64, 1)).isEqualTo(64);
        assertThat(Attention.tokensTogether(config, 64, 2)).isEqualTo(32);
        assertThat(Attention.tokensTogether(config, 64, 4)).isEqualTo(16);
        assertThat(Attention.tokensTogether(config, 64, 100)).isEqualTo(16);
        assertThat(Attention.tokensTogether(config, 1, 1)).isEqualTo(64);
    }

    private static double[] expected(float[] queries, float[] keys, float[] values, int token, int head, int headSize) {
        int kvHead = head / (HEADS / KV_HEADS);
        double[] out = new double[headSize];
        double sum = 0;
        for (int i = 0; i <= token; i++) {
            double score = 0;
            int at = (i * KV_HEADS + kvHead) * headSize;
            for (int d = 0; d < headSize; d++) {
                score += (double) queries[(token * HEADS + head) * headSize + d] * keys[at + d];
            }
            double weight = Math.exp(score / Math.sqrt(headSize));
            sum += weight;
            for (int d = 0; d < headSize; d++) {
                out[d] += weight * values[at + d];
            }
        }
        for (int d = 0; d < headSize; d++) {
            out[d] /= sum;
        }
        return out;
    }

    private static float[] numbers(SplittableRandom random, int n) {
        float[] x = new float[n];
        for (int i = 0; i < n; i++) {
            x[i] = (float) random.nextDouble(-2, 2);
        }
        return x;
    }
}
