package io.qk256.avx2.vector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.qk256.spi.Codebook;
import io.qk256.spi.F32Vector;
import io.qk256.spi.I8Batch;
import io.qk256.spi.I8Vector;
import io.qk256.spi.Kernel;
import io.qk256.spi.KernelUnavailableException;
import io.qk256.spi.Qk256;
import io.qk256.spi.Qk256Matrix;
import io.qk256.spi.ScaleType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Matrices that are wider than the part that a thread rearranges at a time. All sums are exact and compared
 * exactly.
 */
class WideMatrixTest {

    private Kernel kernel = new Avx2VectorKernel();

    @BeforeEach
    void open() throws Exception {
        try {
            kernel = new Avx2VectorProvider().open();
        } catch (KernelUnavailableException e) {
            assumeTrue(false, e.getMessage());
        }
    }

    /** All operands on the heap or all off it, because the kernel handles the two differently. */
    private static final class Problem {

        private final Qk256Matrix w;
        private final byte[] codes;
        private final float[] scales;
        private final byte[] q;

        Problem(Qk256Matrix w, byte[] codes, float[] scales, byte[] q) {
            this.w = w;
            this.codes = codes;
            this.scales = scales;
            this.q = q;
        }

        static Problem of(int rows, int cols, boolean scaled, boolean heap, Arena arena) {
            Random random = new Random(cols);
            int blocks = Math.ceilDiv(cols, Qk256.BLOCK_WEIGHTS);
            byte[] codes = new byte[rows * blocks * Qk256.BLOCK_BYTES];
            random.nextBytes(codes);
            float[] scales = new float[rows * blocks];
            for (int i = 0; i < scales.length; i++) {
                scales[i] = scaled ? 1 << random.nextInt(3) : 1;
            }
            byte[] q = new byte[3 * cols];
            for (int i = 0; i < q.length; i++) {
                q[i] = (byte) (random.nextInt(3) - 1);
            }
            MemorySegment codesAt = MemorySegment.ofArray(codes);
            MemorySegment scalesAt = MemorySegment.ofArray(scales);
            if (!heap) {
                codesAt = arena.allocate(codes.length, 64).copyFrom(codesAt);
                scalesAt = arena.allocate(4L * scales.length, 64).copyFrom(scalesAt);
            }
            Qk256Matrix w = Qk256Matrix.of(codesAt, rows, cols, Codebook.TERNARY);
            return new Problem(
                    scaled ? w.withGroupScales(scalesAt, Qk256.BLOCK_WEIGHTS, ScaleType.F32) : w, codes, scales, q);
        }

        private int value(int row, int col) {
            int code = codes[row * w.blocks() * Qk256.BLOCK_BYTES + col / 4] >> (2 * (col % 4)) & 3;
            return code - 1;
        }

        float[] products(int column) {
            float[] products = new float[w.rows()];
            for (int row = 0; row < w.rows(); row++) {
                long sum = 0;
                for (int block = 0; block < w.blocks(); block++) {
                    int from = block * Qk256.BLOCK_WEIGHTS;
                    int part = 0;
                    for (int col = from; col < Math.min(from + Qk256.BLOCK_WEIGHTS, w.cols()); col++) {
                        part += value(row, col) * q[column * w.cols() + col];
                    }
                    sum += (long) part * (int) scales[row * w.blocks() + block];
                }
                assertThat(Math.abs(sum)).isLessThan(1 << 22); // So that f32 holds the intermediate sums, too.
                products[row] = (float) sum;
            }
            return products;
        }
    }

    @ParameterizedTest
    @CsvSource({"3, 32768", "3, 32769", "2, 33000", "257, 40000", "1, 2097152", "1, 2097153", "2, 2097152", "1, 5000000"
    })
    void productsOfWideRows(int rows, int cols) {
        for (boolean heap : new boolean[] {false, true}) {
            for (boolean scaled : new boolean[] {false, true}) {
                try (Arena arena = Arena.ofConfined()) {
                    check(Problem.of(rows, cols, scaled, heap, arena));
                }
            }
        }
    }

    private void check(Problem problem) {
        Qk256Matrix w = problem.w;
        float[] expected = problem.products(0);
        byte[] first = Arrays.copyOf(problem.q, w.cols());
        float[] x = new float[w.cols()];
        for (int col = 0; col < x.length; col++) {
            x[col] = first[col];
        }
        float[] y = new float[w.rows()];
        kernel.gemv(w, F32Vector.of(x), F32Vector.of(y));
        assertThat(y).as("f32 product of %s", w).containsExactly(expected);
        kernel.gemv(w, I8Vector.of(first, 1), F32Vector.of(y));
        assertThat(y).as("int8 product of %s", w).containsExactly(expected);
        float[] batch = new float[3 * w.rows()];
        kernel.gemm(w, I8Batch.of(problem.q, 3, w.cols()), F32Vector.of(batch));
        for (int column = 0; column < 3; column++) {
            assertThat(Arrays.copyOfRange(batch, column * w.rows(), (column + 1) * w.rows()))
                    .as("column %s of the batch of %s", column, w)
                    .containsExactly(column == 0 ? expected : problem.products(column));
        }
        checkDequantize(problem);
    }

    private void checkDequantize(Problem problem) {
        Qk256Matrix w = problem.w;
        long[] longs = new long[Math.ceilDiv(w.rows() * w.cols(), 2)];
        MemorySegment out = MemorySegment.ofArray(longs).asSlice(0, 4L * w.rows() * w.cols());
        kernel.dequantize(w, F32Vector.of(out));
        float[] values = new float[w.rows() * w.cols()];
        kernel.dequantize(w, F32Vector.of(values));
        for (int row = 0; row < w.rows(); row++) {
            for (int col = 0; col < w.cols(); col++) {
                int at = row * w.cols() + col;
                float expected = problem.value(row, col) * problem.scales[row * w.blocks() + col / 256];
                if (values[at] != expected || out.getAtIndex(ValueLayout.JAVA_FLOAT, at) != expected) {
                    throw new AssertionError(w + ": weight " + at + " is " + values[at] + ", expected " + expected);
                }
            }
        }
    }

    /** More columns than share one unpacking of the weights. */
    @Test
    void manyColumns() {
        int cols = 300;
        int columns = 700;
        try (Arena arena = Arena.ofConfined()) {
            Qk256Matrix w = Problem.of(5, cols, false, false, arena).w;
            byte[] q = new byte[columns * cols];
            new Random(1).nextBytes(q);
            float[] y = new float[columns * 5];
            kernel.gemm(w, I8Batch.of(q, columns, cols), F32Vector.of(y));
            for (int column = 0; column < columns; column++) {
                float[] one = new float[5];
                byte[] values = Arrays.copyOfRange(q, column * cols, (column + 1) * cols);
                kernel.gemv(w, I8Vector.of(values, 1), F32Vector.of(one));
                assertThat(Arrays.copyOfRange(y, column * 5, (column + 1) * 5)).containsExactly(one);
            }
        }
    }

    /** Rearranged all at once, these would be more values than an array can hold. */
    @Test
    void twoMillionColumnsOfOneActivation() {
        int columns = 1 << 21;
        byte[] codes = new byte[Qk256.BLOCK_BYTES];
        codes[0] = 2;
        Qk256Matrix w = Qk256Matrix.of(MemorySegment.ofArray(codes), 1, 1, Codebook.TERNARY);
        byte[] q = new byte[columns];
        new Random(2).nextBytes(q);
        float[] y = new float[columns];
        kernel.gemm(w, I8Batch.of(q, columns, 1), F32Vector.of(y));
        for (int column = 0; column < columns; column++) {
            if (y[column] != q[column]) {
                throw new AssertionError("column " + column + ": " + y[column] + ", expected " + q[column]);
            }
        }
    }

    /** Lanes that contain only padding are not multiplied. */
    @ParameterizedTest
    @CsvSource({"1", "16", "17", "100", "127", "128", "129", "256", "300"})
    void anInfiniteScaleMeetsNoPadding(int cols) {
        int blocks = Math.ceilDiv(cols, Qk256.BLOCK_WEIGHTS);
        byte[] codes = new byte[blocks * Qk256.BLOCK_BYTES];
        Arrays.fill(codes, (byte) 0xAA); // All weights 1.
        float[] scales = new float[blocks];
        Arrays.fill(scales, Float.POSITIVE_INFINITY);
        float[] x = new float[cols];
        Arrays.fill(x, 1);
        Qk256Matrix w = Qk256Matrix.of(MemorySegment.ofArray(codes), 1, cols, Codebook.TERNARY)
                .withGroupScales(MemorySegment.ofArray(scales), Qk256.BLOCK_WEIGHTS, ScaleType.F32);
        float[] y = new float[1];
        kernel.gemv(w, F32Vector.of(x), F32Vector.of(y));
        assertThat(y).containsExactly(Float.POSITIVE_INFINITY);
    }
}
