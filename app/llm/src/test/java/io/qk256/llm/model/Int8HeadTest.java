package io.qk256.llm.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.qk256.spi.Kernel;
import io.qk256.spi.Q8Matrix;
import io.qk256.spi.parallel.ParallelKernel;
import io.qk256.spi.parallel.RowTask;
import io.qk256.spi.support.Q8Rounding;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class Int8HeadTest {

    private static final int COLS = 128;

    /** The last tile is not whole. */
    private static final int ROWS = 43;

    /** Of ordinary size, so small that scales are subnormal in f16, so small that scales are 0, and all zeros. */
    @ParameterizedTest
    @ValueSource(doubles = {1, 300, 1e-4, 1e-6, 0})
    void weightsAreTheNearestMultiplesOfTheirScale(double size) {
        SplittableRandom random = new SplittableRandom(7);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment halves = arena.allocate(ROWS * COLS * Short.BYTES, 64);
            for (int i = 0; i < ROWS * COLS; i++) {
                short half = Float.floatToFloat16((float) (random.nextGaussian() * size));
                halves.setAtIndex(ValueLayout.JAVA_SHORT, i, half);
            }
            Q8Matrix weights = head(halves, arena).weights();
            for (int row = 0; row < ROWS; row++) {
                for (int i = 0; i < COLS; i++) {
                    assertThat(weights.code(row, i) * weights.scale(row, i / 32))
                            .as("row %d, column %d", row, i)
                            .isEqualTo(expected(halves, row, i));
                }
            }
        }
    }

    /** Groups of all magnitudes, of zeros, and so small that scales are subnormal or 0; the last tile is not whole. */
    @Test
    void codeInCGivesTheBitsOfJava() {
        assumeTrue(Q8Rounding.find().isPresent(), "the native kernel cannot be used here");
        SplittableRandom random = new SplittableRandom(13);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment halves = arena.allocate(ROWS * COLS * Short.BYTES, 64);
            for (int i = 0; i < ROWS * COLS; i++) {
                double size = i / 32 % 7 == 0 ? 0 : Math.pow(10, i / 32 % 7 - 4);
                short half = Float.floatToFloat16((float) (random.nextDouble(-1, 1) * size));
                halves.setAtIndex(ValueLayout.JAVA_SHORT, i, half);
            }
            Q8Matrix inC = head(halves, arena).weights();
            Int8Head head = new Int8Head(ROWS, COLS, arena);
            head.fillingInJava(DenseMatrix.ofHalves(halves, ROWS, COLS)).run(0, ROWS);
            Q8Matrix inJava = head.weights();
            for (int row = 0; row < ROWS; row++) {
                for (int i = 0; i < COLS; i++) {
                    assertThat(inC.code(row, i)).as("row %d, column %d", row, i).isEqualTo(inJava.code(row, i));
                    assertThat(inC.scale(row, i / 32)).isEqualTo(inJava.scale(row, i / 32));
                }
            }
        }
    }

    /** Whether code in C or in Java finds it. */
    @Test
    void aWeightThatIsNotFiniteIsTold() {
        for (int row : new int[] {0, 31, ROWS - 1}) {
            for (float value : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
                try (Arena arena = Arena.ofConfined()) {
                    MemorySegment halves = arena.allocate(ROWS * COLS * Short.BYTES, 64);
                    halves.setAtIndex(ValueLayout.JAVA_SHORT, row * COLS + 77L, Float.floatToFloat16(value));
                    assertThat(head(halves, arena).isFinite())
                            .as("%f in row %d", value, row)
                            .isFalse();
                    halves.fill((byte) 0);
                    assertThat(head(halves, arena).isFinite()).isTrue();
                }
            }
        }
    }

    private static Int8Head head(MemorySegment halves, Arena arena) {
        Int8Head head = new Int8Head(ROWS, COLS, arena);
        DenseMatrix weights = DenseMatrix.ofHalves(halves, ROWS, COLS);
        RowTask filling = head.filling(weights);
        filling.run(32, ROWS);
        filling.run(0, 32);
        return head;
    }

    /** States of any size; several at once give the bits of each alone, on any kernel and number of threads. */
    @Test
    void productsKeepSixteenBitsOfTheState() {
        SplittableRandom random = new SplittableRandom(11);
        try (Arena arena = Arena.ofShared()) {
            MemorySegment halves = arena.allocate(ROWS * COLS * Short.BYTES, 64);
            for (int i = 0; i < ROWS * COLS; i++) {
                halves.setAtIndex(ValueLayout.JAVA_SHORT, i, Float.floatToFloat16((float) random.nextGaussian()));
            }
            Int8Head head = head(halves, arena);
            int states = 19; // More than are multiplied at once.
            float[][] x = new float[states][COLS];
            for (float[] state : x) {
                double size = Math.pow(10, random.nextInt(9) - 4);
                for (int i = 0; i < COLS; i++) {
                    state[i] = (float) (random.nextGaussian() * size);
                }
            }
            x[3] = new float[COLS];
            float[][] together = logits(head, x, Kernels.fastest(), 2, arena);
            for (int i = 0; i < states; i++) {
                assertThat(logits(head, new float[][] {x[i]}, Kernels.scalar(), 1, arena)[0])
                        .isEqualTo(together[i]);
                for (int row = 0; row < ROWS; row++) {
                    assertThat((double) together[i][row])
                            .isCloseTo(exact(head, x[i], row), within(bound(head, x[i], row)));
                }
            }
        }
    }

    private static float[][] logits(Int8Head head, float[][] states, Kernel kernel, int threads, Arena arena) {
        float[][] logits = new float[states.length][ROWS];
        try (ParallelKernel crew = ParallelKernel.withThreads(kernel, threads)) {
            head.product(PlainReductions::new, kernel, crew::forRows, ROWS, arena)
                    .apply(states, logits, states.length);
        }
        return logits;
    }

    private static double exact(Int8Head head, float[] x, int row) {
        double sum = 0;
        for (int i = 0; i < COLS; i++) {
            sum += (double) head.weights().code(row, i) * head.weights().scale(row, i / 32) * x[i];
        }
        return sum;
    }

    /** Each value is off by at most 1/65024 of the largest; the sum is rounded to f32 and scaled. */
    private static double bound(Int8Head head, float[] x, int row) {
        double largest = 0;
        for (float value : x) {
            largest = Math.max(largest, Math.abs(value));
        }
        double weights = 0;
        for (int i = 0; i < COLS; i++) {
            weights += Math.abs(
                    (double) head.weights().code(row, i) * head.weights().scale(row, i / 32));
        }
        return weights * largest * (1.01 / 65024 + 4 * 0x1p-24);
    }

    @Test
    void aStateThatIsNotFiniteIsTold() {
        try (Arena arena = Arena.ofShared()) {
            Int8Head head = head(arena.allocate(ROWS * COLS * Short.BYTES, 64), arena);
            for (float value : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
                float[] x = new float[COLS];
                x[5] = value;
                assertThatExceptionOfType(NotFiniteException.class)
                        .isThrownBy(() -> logits(head, new float[][] {x}, Kernels.scalar(), 1, arena))
                        .withMessageStartingWith("a value before the output head is ");
            }
        }
    }

    private static float expected(MemorySegment halves, int row, int col) {
        float max = 0;
        for (int i = col / 32 * 32; i < col / 32 * 32 + 32; i++) {
            max = Math.max(max, Math.abs(at(halves, row, i)));
        }
        float scale = Float.float16ToFloat(Float.floatToFloat16(max / 127));
        double code = scale == 0 ? 0 : Math.rint(at(halves, row, col) * (1 / scale));
        return (float) Math.clamp(code, -127, 127) * scale;
    }

    private static float at(MemorySegment halves, int row, int col) {
        return Float.float16ToFloat(halves.getAtIndex(ValueLayout.JAVA_SHORT, (long) row * COLS + col));
    }
}
