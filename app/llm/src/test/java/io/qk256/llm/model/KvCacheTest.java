package io.qk256.llm.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class KvCacheTest {

    private static final int HEADS = 2;
    private static final int SIZE = 32;
    private static final int LAYERS = 2;
    private static final int CAPACITY = 600;
    private static final ModelConfig CONFIG = new ModelConfig(
            "bitnet-b1.58",
            64,
            CAPACITY,
            64,
            LAYERS,
            64,
            HEADS,
            HEADS,
            SIZE,
            SIZE,
            10_000,
            1e-5f,
            GateFunction.SQUARED_RELU);

    /** Small enough to be exact in f16, and different from all adjacent values. */
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

    /** Covers every block, including the last of a page and the first of the next; the last block is not full. */
    @ParameterizedTest
    @EnumSource
    void whatWasPutIsReadAcrossPages(CacheType type) {
        KvCache cache = KvCache.of(Arena.ofAuto(), type, CONFIG, CAPACITY);
        PageTable pages = new PageTable(cache);
        for (int position = 0; position < CAPACITY; position++) {
            pages.reserve(position, position + 1);
            for (int layer = 0; layer < LAYERS; layer++) {
                float[] keys = column(layer, position);
                cache.put(pages.page(position), layer, position, keys, negative(keys), 0);
            }
        }
        float[] keys = new float[KvCache.BLOCK * SIZE];
        float[] values = new float[KvCache.BLOCK * SIZE];
        for (int layer = 0; layer < LAYERS; layer++) {
            for (int head = 0; head < HEADS; head++) {
                for (int first = 0; first < CAPACITY; first += KvCache.BLOCK) {
                    cache.keys(pages.page(first), layer, head, first, keys);
                    cache.values(pages.page(first), layer, head, first, values);
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
    void memoryComesInPagesAndNoFasterThanTokens(CacheType type) {
        KvCache cache = KvCache.of(Arena.ofAuto(), type, CONFIG, CAPACITY);
        PageTable pages = new PageTable(cache);
        assertThat(cache.pagesInUse()).isZero();
        pages.reserve(0, 1);
        assertThat(cache.pagesInUse()).isEqualTo(1);
        pages.reserve(1, 256);
        assertThat(cache.pagesInUse()).isEqualTo(1);
        pages.reserve(256, CAPACITY);
        assertThat(cache.pagesInUse()).isEqualTo(3);
        pages.shrink(257);
        assertThat(cache.pagesInUse()).isEqualTo(2);
        pages.shrink(0);
        assertThat(cache.pagesInUse()).isZero();
        KvCache small = KvCache.of(Arena.ofAuto(), type, CONFIG, 10);
        assertThat(small.pagePositions())
                .as("no more than the context, in whole blocks")
                .isEqualTo(32);
    }

    @Test
    void sharedPagesCountOnceAndAreCopiedByWhoWritesFirst() {
        KvCache cache = KvCache.of(Arena.ofAuto(), CacheType.F32, CONFIG, CAPACITY);
        PageTable one = new PageTable(cache);
        one.reserve(0, 300);
        float[] keys = column(0, 299);
        cache.put(one.page(299), 0, 299, keys, keys, 0);
        PageTable other = new PageTable(cache);
        other.share(one, 300);
        assertThat(cache.pagesInUse()).isEqualTo(2);
        assertThat(other.page(299)).isSameAs(one.page(299));

        KvCache.Page before = one.page(299);
        other.reserve(300, 301);
        assertThat(cache.pagesInUse()).as("the last page is two now").isEqualTo(3);
        assertThat(one.page(299)).isSameAs(before);
        assertThat(other.page(299)).isNotSameAs(before);
        assertThat(other.page(0)).isSameAs(one.page(0));
        assertThat(other.page(299).memory.mismatch(before.memory)).isEqualTo(-1);
        one.reserve(300, 301);
        assertThat(one.page(299)).as("alone now").isSameAs(before);

        one.shrink(0);
        assertThat(cache.pagesInUse()).isEqualTo(2);
        other.shrink(0);
        assertThat(cache.pagesInUse()).isZero();
    }
}
