package io.qk256.llm.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Vector code of both widths gives the bits of plain code, and all give correct sums. */
class ReductionsTest {

    private static final int ROWS = 2;

    private final Reductions plain = new PlainReductions();
    private final Random random = new Random(20_251);

    static Reductions[] vectors() {
        return new Reductions[] {new VectorReductions(), new WideVectorReductions()};
    }

    @ParameterizedTest
    @MethodSource("vectors")
    void allGiveTheSameBits(Reductions vector) {
        for (int n = 32; n <= 352; n += 32) {
            float[] a = numbers(n + 5);
            float[] b = numbers(n + 5);
            byte[] q = new byte[ROWS * n];
            random.nextBytes(q);
            assertThat(vector.dot(a, 3, b, 5, n)).isEqualTo(plain.dot(a, 3, b, 5, n));
            MemorySegment codes = offHeap(q, 7);
            float[] x = Arrays.copyOf(b, n);
            assertThat(dotsInt8(vector, codes, 7, a, x)).isEqualTo(dotsInt8(plain, codes, 7, a, x));
            assertThat(vector.sumOfSquares(a, 2, n)).isEqualTo(plain.sumOfSquares(a, 2, n));
            assertThat(vector.absMax(a, 1, n)).isEqualTo(plain.absMax(a, 1, n));
        }
    }

    @Test
    void allAreRight() {
        int n = 320;
        float[] a = numbers(n);
        float[] b = numbers(n);
        byte[] q = new byte[ROWS * n];
        random.nextBytes(q);
        double int8 = 0;
        double int8Magnitude = 0;
        double dot = 0;
        double magnitude = 0;
        double squares = 0;
        float max = 0;
        for (int i = 0; i < n; i++) {
            dot += (double) a[i] * b[i];
            magnitude += Math.abs((double) a[i] * b[i]);
            double product = (double) q[n + i] * a[(n + i) / 32] * b[i];
            int8 += product;
            int8Magnitude += Math.abs(product);
            squares += (double) a[i] * a[i];
            max = Math.max(max, Math.abs(a[i]));
        }
        assertThat((double) plain.dot(a, 0, b, 0, n)).isCloseTo(dot, within(magnitude * 0x1p-20));
        double second = dotsInt8(plain, offHeap(q, 0), 0, a, Arrays.copyOf(b, n))[1];
        assertThat(second).isCloseTo(int8, within(int8Magnitude * 0x1p-20));
        assertThat(plain.sumOfSquares(a, 0, n)).isCloseTo(squares, within(squares * 0x1p-23));
        assertThat(plain.absMax(a, 0, n)).isEqualTo(max);
    }

    @Test
    void notANumberIsSeen() {
        float[] x = new float[64];
        x[33] = Float.NaN;
        assertThat(plain.absMax(x, 0, 64)).isNaN();
        for (Reductions vector : vectors()) {
            assertThat(vector.absMax(x, 0, 64)).isNaN();
        }
    }

    /** Holds also while the JVM compiles vector code. */
    @Test
    @Timeout(value = 5, unit = TimeUnit.MINUTES)
    void warmingUpChangesNoBit() throws InterruptedException {
        int n = 4096;
        float[] a = numbers(n);
        float[] b = numbers(n);
        byte[] q = new byte[ROWS * n];
        random.nextBytes(q);
        MemorySegment codes = offHeap(q, 0);
        WarmUp<Reductions> warmUp = new WarmUp<>(plain, WarmUp::sums);
        Reductions warming;
        do {
            warming = warmUp.get();
            assertThat(warming.dot(a, 0, b, 0, n)).isEqualTo(plain.dot(a, 0, b, 0, n));
            assertThat(dotsInt8(warming, codes, 0, a, b)).isEqualTo(dotsInt8(plain, codes, 0, a, b));
            assertThat(warming.sumOfSquares(a, 0, n)).isEqualTo(plain.sumOfSquares(a, 0, n));
            assertThat(warming.absMax(a, 0, n)).isEqualTo(plain.absMax(a, 0, n));
            warmUp.start();
            Thread.sleep(1);
        } while (warming == plain);
    }

    /** The sums of two rows, with other numbers around them. */
    private static float[] dotsInt8(Reductions sums, MemorySegment codes, long at, float[] scales, float[] x) {
        float[] out = {1, 2, 3, 4};
        sums.dotsInt8(codes, at, scales, x, out, 1, ROWS);
        assertThat(out).startsWith(1).endsWith(4);
        return Arrays.copyOfRange(out, 1, 3);
    }

    /** The bytes, placed after some others. */
    private static MemorySegment offHeap(byte[] bytes, int before) {
        MemorySegment memory = Arena.ofAuto().allocate(before + bytes.length);
        MemorySegment.copy(bytes, 0, memory, ValueLayout.JAVA_BYTE, before, bytes.length);
        return memory;
    }

    private float[] numbers(int n) {
        float[] x = new float[n];
        for (int i = 0; i < n; i++) {
            x[i] = (float) (random.nextGaussian() * Math.pow(10, random.nextInt(7) - 3));
        }
        return x;
    }
}
