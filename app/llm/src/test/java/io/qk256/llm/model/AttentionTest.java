package io.qk256.llm.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.qk256.spi.support.F16Attention;
import java.lang.foreign.Arena;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
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
        ModelConfig config = config(TOKENS, 1, HEADS, KV_HEADS, headSize);
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
        Attention attention = new Attention(config, cache, Optional::empty, TOGETHER);
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
        ModelConfig config = config(positions, 1, 64, 1, headSize);
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
        Attention attention = new Attention(config, cache, Optional::empty, TOGETHER);
        float[] together = new float[queries.length];
        attention.apply(pages, 0, 0, 0, count, first, queries, together);
        float[] alone = new float[queries.length];
        for (int i = 0; i < count; i++) {
            attention.apply(pages, 0, 0, i, 1, first + i, queries, alone);
        }
        assertThat(together).isEqualTo(alone).doesNotContain(Float.NaN);
    }

    /** Texts that begin and end anywhere in blocks and pages, as prompts in pieces and as single tokens. */
    @ParameterizedTest
    @CsvSource({"32, 1", "64, 3", "96, 2", "128, 4", "160, 5", "256, 8"})
    void nativeCodeGivesTheBitsOfJava(int headSize, int queries) {
        Optional<F16Attention> code = F16Attention.find();
        assumeTrue(code.isPresent(), "there is no native code for this machine");
        int positions = 600;
        int heads = queries * KV_HEADS;
        ModelConfig config = config(positions, 2, heads, KV_HEADS, headSize);
        KvCache cache = KvCache.of(Arena.ofAuto(), CacheType.F16, config, positions);
        PageTable pages = new PageTable(cache);
        pages.reserve(0, positions);
        SplittableRandom random = new SplittableRandom(headSize);
        for (int i = 0; i < positions; i++) {
            float[] keys = numbers(random, KV_HEADS * headSize);
            cache.put(pages.page(i), 1, i, keys, numbers(random, keys.length), 0);
        }
        Attention inJava = new Attention(config, cache, Optional::empty, TOGETHER);
        Attention natively = new Attention(config, cache, () -> code, TOGETHER);
        assertThat(natively.isNative()).isTrue();
        for (int first : new int[] {0, 1, 30, 31, 32, 100, 250, 255, 256, 511, 580}) {
            for (int count : new int[] {1, 2, 7, TOGETHER}) {
                float[] x = numbers(random, count * heads * headSize);
                cache.round(x, 0, x.length);
                float[] expected = new float[x.length];
                float[] seen = new float[x.length];
                for (int head = 0; head < KV_HEADS; head++) {
                    inJava.apply(pages, 1, head, 0, count, first, x, expected);
                    natively.apply(pages, 1, head, 0, count, first, x, seen);
                }
                assertThat(seen)
                        .as("%d tokens from %d on", count, first)
                        .isEqualTo(expected)
                        .doesNotContain(Float.NaN);
            }
        }
    }

    /** Scores so large that all but one probability is 0, and a text with a value that is not a number. */
    @Test
    void nativeCodeGivesTheBitsOfJavaAtTheLimits() {
        Optional<F16Attention> code = F16Attention.find();
        assumeTrue(code.isPresent(), "there is no native code for this machine");
        ModelConfig config = config(TOKENS, 1, 1, 1, 32);
        KvCache cache = KvCache.of(Arena.ofAuto(), CacheType.F16, config, TOKENS);
        PageTable pages = new PageTable(cache);
        pages.reserve(0, TOKENS);
        SplittableRandom random = new SplittableRandom(9);
        Attention inJava = new Attention(config, cache, Optional::empty, TOGETHER);
        Attention natively = new Attention(config, cache, () -> code, TOGETHER);
        for (float size : new float[] {0, 1e-7f, 1e-4f, 100, 6e4f, Float.NaN, Float.POSITIVE_INFINITY}) {
            for (int i = 0; i < TOKENS; i++) {
                float[] keys = numbers(random, 32);
                keys[i % 32] = i == 20 ? size : keys[i % 32] * (size < 3e4f ? size : 3e4f);
                cache.put(pages.page(i), 0, i, keys, keys, 0);
            }
            float[] x = numbers(random, 32);
            cache.round(x, 0, x.length);
            float[] expected = new float[32];
            float[] seen = new float[32];
            inJava.apply(pages, 0, 0, 0, 1, TOKENS - 1, x, expected);
            natively.apply(pages, 0, 0, 0, 1, TOKENS - 1, x, seen);
            assertThat(seen).as("size %s", size).isEqualTo(expected);
        }
    }

    @Test
    void javaComputesWhatNativeCodeDoesNotKnow() {
        Optional<F16Attention> code = F16Attention.find();
        assumeTrue(code.isPresent(), "there is no native code for this machine");

        assertThat(isNative(CacheType.F16, 128, code)).isTrue();
        assertThat(isNative(CacheType.F32, 128, code)).isFalse();
        assertThat(isNative(CacheType.F16, 100, code)).isFalse();
    }

    private static boolean isNative(CacheType type, int headSize, Optional<F16Attention> code) {
        ModelConfig config = config(TOKENS, 1, HEADS, KV_HEADS, headSize);
        KvCache cache = KvCache.of(Arena.ofAuto(), type, config, TOKENS);
        return new Attention(config, cache, () -> code, TOGETHER).isNative();
    }

    @Test
    void tokensAreTogetherAsLongAsThreadsHaveWork() {
        ModelConfig config = config(TOKENS, 1, 20, 5, 128);
        assertThat(Attention.tokensTogether(config, 64, 1)).isEqualTo(64);
        assertThat(Attention.tokensTogether(config, 64, 2)).isEqualTo(32);
        assertThat(Attention.tokensTogether(config, 64, 4)).isEqualTo(16);
        assertThat(Attention.tokensTogether(config, 64, 100)).isEqualTo(16);
        assertThat(Attention.tokensTogether(config, 1, 1)).isEqualTo(64);
    }

    private static ModelConfig config(int context, int layers, int heads, int kvHeads, int headSize) {
        return new ModelConfig(
                "llama", 8, context, 64, layers, 64, heads, kvHeads, headSize, 2, 1e4f, 1e-5f, GateFunction.SILU);
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
