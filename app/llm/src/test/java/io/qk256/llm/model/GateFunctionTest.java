package io.qk256.llm.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Vector code gives the bits of plain code, and both those of the formula. */
class GateFunctionTest {

    private static final int AT = 5;

    @ParameterizedTest
    @EnumSource
    void allGiveTheSameBits(GateFunction function) {
        SplittableRandom random = new SplittableRandom(4);
        Exponentials plain = new Exponentials();
        Exponentials vector = new Exponentials(new VectorSoftmax());
        for (int n : new int[] {32, 1, 96, 40, 256}) {
            float[] gate = numbers(random, AT + n + 1);
            float[] up = numbers(random, AT + n + 1);
            float[] expected = gate.clone();
            function.apply(expected, up, AT, n, plain);
            float[] seen = gate.clone();
            function.apply(seen, up, AT, n, vector);
            assertThat(seen).isEqualTo(expected);
            assertThat(seen[AT - 1]).isEqualTo(gate[AT - 1]);
            assertThat(seen[AT + n]).isEqualTo(gate[AT + n]);
        }
    }

    @Test
    void siluIsRight() {
        for (double x = -120; x < 120; x += 0.37) {
            float[] gate = {(float) x};
            GateFunction.SILU.apply(gate, new float[] {2}, 0, 1, new Exponentials());
            double expected = 2 * (float) x / (1 + Math.exp(-(float) x));
            assertThat((double) gate[0]).isCloseTo(expected, within(Math.abs(expected) * 4e-7 + 1e-36));
        }
    }

    private static float[] numbers(SplittableRandom random, int n) {
        float[] x = new float[n];
        for (int i = 0; i < n; i++) {
            x[i] = (float) (random.nextGaussian() * Math.pow(10, random.nextInt(-2, 3)));
        }
        return x;
    }
}
