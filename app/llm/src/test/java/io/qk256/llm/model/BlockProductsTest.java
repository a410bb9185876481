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

    private final BlockProducts plain = new PlainBlockProducts();
    private final BlockProducts vector = new VectorBlockProducts();
    private final Random random = new Random(20_252);

    @Test
    void dotsAreThoseOfReductions() {
        for (int n : new int[] {32, 64, 96, 128, 160}) {
            float[] query = numbers(AT + n);
            float[] keys = numbers(n * LANES);
            float[] expected = filled(OUT_AT + LANES + 1, 42);
            float[] key = new float[n];
            for (int i = 0; i < LANES; i++) {
                for (int d = 0; d < n; d++) {
                    key[d] = keys[d * LANES + i];
                }
                expected[OUT_AT + i] = new PlainReductions().dot(query, AT, key, 0, n);
            }
            for (BlockProducts products : new BlockProducts[] {plain, vector}) {
                float[] out = filled(OUT_AT + LANES + 1, 42);
                products.dots(query, AT, n, keys, out, OUT_AT);
                assertThat(out).as("%d numbers", n).isEqualTo(expected);
            }
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
