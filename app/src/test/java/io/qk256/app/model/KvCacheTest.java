package io.qk256.app.model;

import static org.assertj.core.api.Assertions.assertThat;

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

    /** Ranges within a chunk, up to its end, over it, and over several. */
    @ParameterizedTest
    @EnumSource
    void whatWasPutIsReadAcrossChunks(CacheType type) {
        KvCache cache = KvCache.of(type, CONFIG, CAPACITY);
        for (int position = 0; position < CAPACITY; position++) {
            cache.reserve(position + 1);
            for (int layer = 0; layer < LAYERS; layer++) {
                float[] keys = column(layer, position);
                cache.put(layer, position, keys, negative(keys), 0);
            }
        }
        int[][] ranges = {{0, 1}, {0, 256}, {250, 6}, {250, 7}, {255, 1}, {256, 1}, {224, 32}, {100, 500}, {0, CAPACITY}
        };
        float[] out = new float[CAPACITY * SIZE];
        for (int layer = 0; layer < LAYERS; layer++) {
            for (int head = 0; head < HEADS; head++) {
                for (int[] range : ranges) {
                    cache.keys(layer, head, range[0], range[1], out);
                    for (int i = 0; i < range[1] * SIZE; i++) {
                        float expected = column(layer, range[0] + i / SIZE)[head * SIZE + i % SIZE];
                        assertThat(out[i])
                                .as("key %d of %d positions from %d", i, range[1], range[0])
                                .isEqualTo(expected);
                    }
                }
                for (int positions : new int[] {1, 255, 256, 257, CAPACITY}) {
                    for (int dimension : new int[] {0, 1, SIZE - 1}) {
                        cache.values(layer, head, dimension, positions, out);
                        for (int i = 0; i < positions; i++) {
                            float expected = -column(layer, i)[head * SIZE + dimension];
                            assertThat(out[i])
                                    .as("value at %d of %d", i, positions)
                                    .isEqualTo(expected);
                        }
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void memoryComesInChunksAndNoFasterThanTokens(CacheType type) {
        KvCache cache = KvCache.of(type, CONFIG, CAPACITY);
        assertThat(cache.reserved()).isZero();
        cache.reserve(1);
        assertThat(cache.reserved()).isEqualTo(256);
        cache.reserve(256);
        assertThat(cache.reserved()).isEqualTo(256);
        cache.reserve(CAPACITY);
        assertThat(cache.reserved()).isEqualTo(768);
        KvCache small = KvCache.of(type, CONFIG, 10);
        small.reserve(10);
        assertThat(small.reserved()).as("no more than the context").isEqualTo(10);
    }
}
