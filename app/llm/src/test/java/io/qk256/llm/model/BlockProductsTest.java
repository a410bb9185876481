package io.qk256.llm.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Vector code gives the bits of plain code, and plain code those of a dot product or of the defined sums. */
class BlockProductsTest {

    private static final int AT = 3;
    private static final int OUT_AT = 2;
    private static final int LANES = BlockProducts.LANES;

    private final BlockProducts plain = new PlainBlockProducts(false);
    private final BlockProducts vector = new VectorBlockProducts();
    private final Random random = new Random(20_252);

    /** Products of f16 numbers are exact, so those that are not fused give the same. */
    @Test
    void dotsOfHalvesAreThoseOfReductions() {
        BlockProducts[] all = {plain, new PlainBlockProducts(true), vector};
        for (int n : new int[] {32, 64, 96, 128, 160}) {
            for (int rows = 0; rows <= 5; rows++) {
                int stride = LANES + 7;
                float[] queries = numbers(AT + rows * n);
                float[] keys = numbers(n * LANES);
                Half.round(queries, 0, queries.length);
                Half.round(keys, 0, keys.length);
                float[] expected = filled(OUT_AT + 5 * stride + LANES + 1, 42);
                float[] key = new float[n];
                for (int i = 0; i < LANES; i++) {
                    for (int d = 0; d < n; d++) {
                        key[d] = keys[d * LANES + i];
                    }
                    for (int row = 0; row < rows; row++) {
                        expected[OUT_AT + row * stride + i] =
                                new PlainReductions().dot(queries, AT + row * n, key, 0, n);
                    }
                }
                for (BlockProducts products : all) {
                    float[] out = filled(expected.length, 42);
                    products.dots(queries, AT, rows, n, keys, out, OUT_AT, stride);
                    assertThat(out).as("%d x %d numbers", rows, n).isEqualTo(expected);
                }
            }
        }
    }

    @Test
    void dotsOfOtherNumbersAreFused() {
        for (int rows = 1; rows <= 3; rows++) {
            float[] queries = numbers(AT + rows * 64);
            float[] keys = numbers(64 * LANES);
            float[] expected = new float[rows * LANES];
            float[] out = new float[rows * LANES];
            float[] rounded = new float[rows * LANES];
            plain.dots(queries, AT, rows, 64, keys, expected, 0, LANES);
            vector.dots(queries, AT, rows, 64, keys, out, 0, LANES);
            new PlainBlockProducts(true).dots(queries, AT, rows, 64, keys, rounded, 0, LANES);
            assertThat(out).isEqualTo(expected).isNotEqualTo(rounded);
        }
    }

    /**
     * Groups of four rows and the rest, any number of positions. Reads nothing between rows and writes nothing beside
     * them.
     */
    @Test
    void bothAddTheSameSums() {
        for (int rows = 1; rows <= 9; rows++) {
            for (int n = 1; n <= LANES; n++) {
                for (int width : new int[] {32, 48, 64, 100, 128}) {
                    int stride = n + 5;
                    float[] weights = numbers(AT + rows * stride);
                    for (int i = 0; i < weights.length; i++) {
                        weights[i] = i < AT || (i - AT) % stride >= n ? Float.NaN : weights[i];
                    }
                    float[] values = numbers(n * width);
                    float[] expected = numbers(OUT_AT + rows * width + 1);
                    float[] out = expected.clone();
                    plain.addSums(weights, AT, stride, rows, values, n, width, expected, OUT_AT);
                    vector.addSums(weights, AT, stride, rows, values, n, width, out, OUT_AT);
                    assertThat(out).as("%d x %d x %d", rows, n, width).isEqualTo(expected);
                }
            }
        }
    }

    @Test
    void sumsAreRight() {
        int width = 64;
        float[] weights = numbers(LANES);
        float[] values = numbers(LANES * width);
        float[] before = numbers(width);
        float[] out = before.clone();
        plain.addSums(weights, 0, LANES, 1, values, LANES, width, out, 0);
        for (int d = 0; d < width; d++) {
            double sum = before[d];
            double magnitude = Math.abs(sum);
            for (int i = 0; i < LANES; i++) {
                double product = (double) weights[i] * values[i * width + d];
                sum += product;
                magnitude += Math.abs(product);
            }
            assertThat((double) out[d]).isCloseTo(sum, within(magnitude * (LANES + 1) * 0x1p-24));
        }
    }

    private static float[] filled(int n, float value) {
        float[] x = new float[n];
        Arrays.fill(x, value);
        return x;
    }

    private float[] numbers(int n) {
        float[] x = new float[n];
        for (int i = 0; i < n; i++) {
            x[i] = (float) (random.nextGaussian() * Math.pow(10, random.nextInt(7) - 3));
        }
        return x;
    }
}
