package io.qk256.llm.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Vector code gives the bits of plain code, and both give correct sums. */
class ReductionsTest {

    private final Reductions plain = new PlainReductions();
    private final Random random = new Random(20_251);

    @Test
    void bothGiveTheSameBits() {
        Reductions vector = new VectorReductions();
        for (int n = 32; n <= 352; n += 32) {
            float[] a = numbers(n + 5);
            float[] b = numbers(n + 5);
            assertThat(vector.dot(a, 3, b, 5, n)).isEqualTo(plain.dot(a, 3, b, 5, n));
            assertThat(vector.sumOfSquares(a, 2, n)).isEqualTo(plain.sumOfSquares(a, 2, n));
            assertThat(vector.absMax(a, 1, n)).isEqualTo(plain.absMax(a, 1, n));
        }
    }

    @Test
    void bothAreRight() {
        int n = 320;
        float[] a = numbers(n);
        float[] b = numbers(n);
        double dot = 0;
        double magnitude = 0;
        double squares = 0;
        float max = 0;
        for (int i = 0; i < n; i++) {
            dot += (double) a[i] * b[i];
            magnitude += Math.abs((double) a[i] * b[i]);
            squares += (double) a[i] * a[i];
            max = Math.max(max, Math.abs(a[i]));
        }
        assertThat((double) plain.dot(a, 0, b, 0, n)).isCloseTo(dot, within(magnitude * 0x1p-20));
        assertThat(plain.sumOfSquares(a, 0, n)).isCloseTo(squares, within(squares * 0x1p-23));
        assertThat(plain.absMax(a, 0, n)).isEqualTo(max);
    }

    @Test
    void notANumberIsSeen() {
        float[] x = new float[64];
        x[33] = Float.NaN;
        assertThat(plain.absMax(x, 0, 64)).isNaN();
        assertThat(new VectorReductions().absMax(x, 0, 64)).isNaN();
    }

    /** Holds also while the JVM compiles vector code. */
    @Test
    @Timeout(value = 5, unit = TimeUnit.MINUTES)
    void warmingUpChangesNoBit() throws InterruptedException {
        int n = 4096;
        float[] a = numbers(n);
        float[] b = numbers(n);
        WarmUp<Reductions> warmUp = new WarmUp<>(plain, WarmUp::sums);
        Reductions warming;
        do {
            warming = warmUp.get();
            assertThat(warming.dot(a, 0, b, 0, n)).isEqualTo(plain.dot(a, 0, b, 0, n));
            assertThat(warming.sumOfSquares(a, 0, n)).isEqualTo(plain.sumOfSquares(a, 0, n));
            assertThat(warming.absMax(a, 0, n)).isEqualTo(plain.absMax(a, 0, n));
            warmUp.start();
            Thread.sleep(1);
        } while (warming == plain);
    }

    private float[] numbers(int n) {
        float[] x = new float[n];
        for (int i = 0; i < n; i++) {
            x[i] = (float) (random.nextGaussian() * Math.pow(10, random.nextInt(7) - 3));
        }
        return x;
    }
}
