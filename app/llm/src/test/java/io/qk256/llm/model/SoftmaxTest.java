package io.qk256.llm.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Vector code gives the bits of plain code, and both give the correct numbers. */
class SoftmaxTest {

    private static final int AT = 3;
    private static final float SCALE = 0.3f;

    private final Random random = new Random(20_253);

    @Test
    void allGiveTheSameBits() {
        for (int n : new int[] {1, 2, 7, 8, 9, 31, 32, 33, 63, 64, 65, 300}) {
            for (float spread : new float[] {0.1f, 10, 300}) {
                float[] scores = scores(n, spread);
                assertThat(probabilities(new VectorSoftmax(), scores))
                        .as("%d scores", n)
                        .isEqualTo(probabilities(new PlainSoftmax(), scores));
            }
        }
    }

    @Test
    void allAreRight() {
        float[] scores = scores(77, 5);
        float[] seen = probabilities(new PlainSoftmax(), scores);
        double sum = 0;
        for (float score : scores) {
            sum += Math.exp((double) score * SCALE);
        }
        for (int i = 0; i < scores.length; i++) {
            double expected = Math.exp((double) scores[i] * SCALE) / sum;
            assertThat((double) seen[i]).isCloseTo(expected, within(expected * 1e-6));
        }
    }

    @Test
    void notANumberIsSeen() {
        float[] scores = scores(40, 1);
        scores[33] = Float.NaN;
        for (Softmax softmax : new Softmax[] {new PlainSoftmax(), new VectorSoftmax()}) {
            assertThat(probabilities(softmax, scores)).containsOnly(Float.NaN);
        }
    }

    /** Depends on the scores only, whatever follows them; the padding becomes zeros, and nothing after it changes. */
    private static float[] probabilities(Softmax softmax, float[] scores) {
        int padded = Reductions.padded(scores.length);
        float[] row = new float[AT + padded + 1];
        Arrays.fill(row, 1000);
        System.arraycopy(scores, 0, row, AT, scores.length);
        softmax.apply(row, AT, scores.length, SCALE);
        assertThat(row[AT - 1]).isEqualTo(1000);
        assertThat(row[AT + padded]).isEqualTo(1000);
        return Arrays.copyOfRange(row, AT, AT + scores.length);
    }

    private float[] scores(int n, float spread) {
        float[] scores = new float[n];
        for (int i = 0; i < n; i++) {
            scores[i] = (float) random.nextGaussian() * spread;
        }
        return scores;
    }
}
