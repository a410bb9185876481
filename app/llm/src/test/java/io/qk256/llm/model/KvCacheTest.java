package io.qk256.llm.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class KvCacheTest {

    private static final int HEADS = 2;
    private static final int SIZE = 32;
    private static final int LAYERS = 2;
    private static final int CAPACITY = 600;
    private static final ModelConfig CONFIG = new ModelConfig(
            "bitnet-b1.58", 64, CAPACITY, 64, LAYERS, 64, HEADS, HEADS, SIZE, SIZE, 10_000, 1e-5f, Gate.SQUARED_RELU);

    /** Small enough to be exact in f16, and different from its neighbours in every direction. */
    private static float value(int layer, int position, int i) {
        return (layer * 700 + position) % 1024 + i / 128f * (position % 2 == 0 ? 1 : -1);
    }

    private static float[] column(int layer, int position) {
        float[] column = new float[HEADS * SIZE];
        for (int i = 0; i < column.length; i++) {
            column[i] = Float.float16ToFloat(Float.floatToFloat16(value(layer, position, i)));
        }
        return column;
    }

    private static float[] negative(float[] x) {
        float[] negative = new float[x.length];
        for (int i = 0; i < x.length; i++) {
            negative[i] = -x[i];
        }
        return negative;
    }

    /** In every block, also the last of a chunk and the first of the next; the last block is not full. */
    @ParameterizedTest
    @EnumSource
    void whatWasPutIsReadAcrossChunks(CacheType type) {
        KvCache cache = KvCache.of(Arena.ofAuto(), type, CONFIG, CAPACITY);
        for (int position = 0; position < CAPACITY; position++) {
            cache.reserve(position + 1);
            for (int layer = 0; layer < LAYERS; layer++) {
                float[] keys = column(layer, position);
                cache.put(layer, position, keys, negative(keys), 0);
            }
        }
        short[] halves = new short[KvCache.BLOCK * SIZE];
        float[] keys = new float[KvCache.BLOCK * SIZE];
        float[] values = new float[KvCache.BLOCK * SIZE];
        for (int layer = 0; layer < LAYERS; layer++) {
            for (int head = 0; head < HEADS; head++) {
                for (int first = 0; first < CAPACITY; first += KvCache.BLOCK) {
                    cache.keys(layer, head, first, halves, keys);
                    cache.values(layer, head, first, halves, values);
                    for (int i = 0; i < Math.min(KvCache.BLOCK, CAPACITY - first); i++) {
                        float[] expected = column(layer, first + i);
                        for (int dimension = 0; dimension < SIZE; dimension++) {
                            float number = expected[head * SIZE + dimension];
                            assertThat(keys[dimension * KvCache.BLOCK + i])
                                    .as("key at %d, number %d", first + i, dimension)
                                    .isEqualTo(number);
                            assertThat(values[i * SIZE + dimension])
                                    .as("value at %d, number %d", first + i, dimension)
                                    .isEqualTo(-number);
                        }
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void memoryComesInChunksAndNoFasterThanTokens(CacheType type) {
        KvCache cache = KvCache.of(Arena.ofAuto(), type, CONFIG, CAPACITY);
        assertThat(cache.reserved()).isZero();
        cache.reserve(1);
        assertThat(cache.reserved()).isEqualTo(256);
        cache.reserve(256);
        assertThat(cache.reserved()).isEqualTo(256);
        cache.reserve(CAPACITY);
        assertThat(cache.reserved()).isEqualTo(768);
        KvCache small = KvCache.of(Arena.ofAuto(), type, CONFIG, 10);
        small.reserve(10);
        assertThat(small.reserved())
                .as("no more than the context, in whole blocks")
                .isEqualTo(32);
    }
}
