package io.qk256.llm.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.qk256.spi.Kernel;
import io.qk256.spi.parallel.ParallelKernel;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A screened head gives the logits of the 8-bit head wherever they are wanted. */
class ScreenedHeadTest {

    private static final int COLS = 320;

    /** The last tile is not whole. */
    private static final int ROWS = 1003;

    private static final ModelConfig SMALL = new ModelConfig(
            "bitnet-b1.58", 2000, 256, 256, 2, 512, 4, 2, 64, 64, 10_000, 1e-5f, GateFunction.SQUARED_RELU);

    private final SplittableRandom random = new SplittableRandom(17);

    /** A head, and both products. */
    private static final class Heads implements AutoCloseable {

        final Arena arena = Arena.ofShared();
        final ParallelKernel crew;
        final Int8HeadProduct exact;
        final HeadProduct screened;
        final CoarseRows coarse;
        final int rows;

        /** Without pauses, unless wanted, as they would keep what is tested from being used. */
        Heads(float[][] weights, Kernel kernel, double certainty, int longestPause) {
            rows = weights.length;
            int cols = weights[0].length;
            MemorySegment halves = arena.allocate((long) rows * cols * Short.BYTES, 64);
            for (int row = 0; row < rows; row++) {
                for (int i = 0; i < cols; i++) {
                    short half = Float.floatToFloat16(weights[row][i]);
                    halves.setAtIndex(ValueLayout.JAVA_SHORT, (long) row * cols + i, half);
                }
            }
            DenseMatrix matrix = DenseMatrix.ofHalves(halves, rows, cols);
            Int8Head head = new Int8Head(rows, cols, arena);
            head.filling(matrix).run(0, rows);
            coarse = new CoarseRows(rows, cols, arena);
            coarse.fill(head.weights(), 0, Math.min(32, rows));
            coarse.fill(head.weights(), 32, rows);
            crew = ParallelKernel.withThreads(kernel, 2);
            exact = product(head, kernel);
            screened = new ScreenedHeadProduct(
                    product(head, kernel), rows, coarse, kernel, crew::forRows, arena, certainty, longestPause);
        }

        private Int8HeadProduct product(Int8Head head, Kernel kernel) {
            return new Int8HeadProduct(PlainReductions::new, kernel, crew::forRows, head.weights(), arena);
        }

        float[] all(float[] state) {
            float[] logits = new float[rows];
            exact.applyBest(state, logits, 1);
            return logits;
        }

        float[] best(float[] state, int count) {
            float[] logits = new float[rows];
            screened.applyBest(state, logits, count);
            return logits;
        }

        /** Whether all wanted logits are there; the others must be true or minus infinity. */
        boolean agree(float[] state, int count) {
            float[] all = all(state);
            float[] best = best(state, count);
            float[] sorted = all.clone();
            Arrays.sort(sorted);
            float least = sorted[Math.max(0, rows - count)];
            boolean agree = true;
            for (int row = 0; row < rows; row++) {
                if (best[row] == Float.NEGATIVE_INFINITY) {
                    agree &= all[row] < least || all[row] == Float.NEGATIVE_INFINITY;
                } else {
                    assertThat(best[row]).as("row %d", row).isEqualTo(all[row]);
                }
            }
            return agree;
        }

        @Override
        public void close() {
            crew.close();
            arena.close();
        }
    }

    private Heads heads(float[][] weights) {
        return new Heads(weights, Kernels.fastest(), ScreenedHeadProduct.CERTAINTY, 0);
    }

    private float[] gaussian(int n, double size) {
        float[] x = new float[n];
        for (int i = 0; i < n; i++) {
            x[i] = (float) (random.nextGaussian() * size);
        }
        return x;
    }

    private float[][] gaussian(int rows, int cols, double size) {
        return IntStream.range(0, rows).mapToObj(row -> gaussian(cols, size)).toArray(float[][]::new);
    }

    /** Near a row, so that this row is by far the best. */
    private float[] near(float[] row, double noise) {
        float[] x = gaussian(row.length, noise);
        for (int i = 0; i < x.length; i++) {
            x[i] += row[i];
        }
        return x;
    }

    @ParameterizedTest
    @ValueSource(strings = {"scalar", "avx2-vector", "avx2-native"})
    void theBestLogitsAreThoseOfTheEightBitHead(String name) {
        Kernel kernel = Kernels.all().get(name);
        if (kernel == null) {
            return; // Not usable on this machine.
        }
        int states = name.equals("avx2-native") ? 60 : 6;
        for (int[] shape : new int[][] {{ROWS, COLS}, {272, 32}, {528, 256}, {300, 2560}, {2000, 96}}) {
            float[][] weights = gaussian(shape[0], shape[1], 0.3);
            try (Heads heads = new Heads(weights, kernel, ScreenedHeadProduct.CERTAINTY, 0)) {
                for (int i = 0; i < states; i++) {
                    double size = Math.pow(10, random.nextInt(9) - 4);
                    float[] state = i % 2 == 0
                            ? gaussian(shape[1], size)
                            : near(weights[random.nextInt(shape[0])], random.nextDouble());
                    if (i % 5 == 0) {
                        state[random.nextInt(state.length)] *= 100;
                    }
                    for (int count : new int[] {1, 2, 7, 40, shape[0]}) {
                        assertThat(heads.agree(state, count))
                                .as("%s, state %d, best %d", Arrays.toString(shape), i, count)
                                .isTrue();
                    }
                }
            }
        }
    }

    private Heads headsWithPauses(float[][] weights) {
        return new Heads(weights, Kernels.fastest(), ScreenedHeadProduct.CERTAINTY, ScreenedHeadProduct.LONGEST_PAUSE);
    }

    @Test
    void whereOneTokenIsLikelyFewRowsAreRead() {
        float[][] weights = gaussian(4000, 512, 1);
        try (Heads heads = headsWithPauses(weights)) {
            for (int i = 0; i < 50; i++) {
                float[] best = heads.best(near(weights[i * 7], 0.5), 1);
                assertThat(Argmax.of(best)).isEqualTo(i * 7);
            }
            HeadReadings readings = heads.screened.readings();
            assertThat(readings.screened()).isEqualTo(50);
            assertThat(readings.rowsPerToken()).isBetween(128.0, 256.0);
            assertThat(readings.fallbacks()).isZero();
            heads.screened.apply(new float[][] {weights[0]}, new float[][] {new float[4000]}, 1);
            assertThat(heads.screened.readings().full()).isEqualTo(1);
            for (int i = 0; i < 20; i++) {
                heads.best(gaussian(512, 1), 120);
            }
            HeadReadings many = heads.screened.readings();
            assertThat(many.fallbacks()).as("many tokens of a random state").isGreaterThan(1);
            for (int i = 0; i < 20; i++) {
                heads.best(near(weights[i], 0.5), 1);
            }
            assertThat(heads.screened.readings())
                    .as("where few are wanted, there is no pause")
                    .isEqualTo(new HeadReadings(
                            many.screened() + 20, heads.screened.readings().rows(), many.fallbacks(), many.full()));
        }
    }

    /** Equal rows, rows of zeros, rows that differ in one unit, one weight far above the others. */
    @Test
    void tiesAndOddRowsAreFound() {
        float[][] weights = gaussian(ROWS, COLS, 1);
        for (int row = 3; row < ROWS; row += 97) {
            weights[row] = weights[1].clone();
        }
        for (int row = 4; row < ROWS; row += 101) {
            weights[row] = weights[1].clone();
            weights[row][row % COLS] += 1 / 32f;
        }
        for (int row = 5; row < ROWS; row += 89) {
            Arrays.fill(weights[row], 0);
        }
        for (int row = 6; row < ROWS; row += 211) {
            weights[row][row % COLS] = 3000;
        }
        for (int row = 7; row < ROWS; row += 223) {
            Arrays.fill(weights[row], 1e-7f);
        }
        try (Heads heads = heads(weights)) {
            for (int i = 0; i < 100; i++) {
                float[] state = i % 2 == 0 ? near(weights[1], 0.2 * random.nextDouble()) : gaussian(COLS, 1);
                for (int count : new int[] {1, 3, 12, 30}) {
                    assertThat(heads.agree(state, count))
                            .as("state %d, best %d", i, count)
                            .isTrue();
                }
            }
            assertThat(heads.screened.readings().screened()).isGreaterThan(100);
        }
    }

    @Test
    void whereAllTokensAreAsLikelyAllRowsAreRead() {
        float[][] weights = new float[ROWS][];
        Arrays.fill(weights, gaussian(COLS, 1));
        try (Heads heads = headsWithPauses(weights)) {
            float[] state = gaussian(COLS, 1);
            assertThat(heads.best(state, ROWS)).isEqualTo(heads.all(state));
            assertThat(heads.screened.readings()).as("nothing to rule out").isEqualTo(new HeadReadings(0, 0, 0, 1));
            assertThat(heads.best(state, 1)).isEqualTo(heads.all(state));
            assertThat(heads.best(state, 1)).isEqualTo(heads.all(state));
            assertThat(heads.best(new float[COLS], 1)).containsOnly(0);
            assertThat(heads.screened.readings())
                    .as("after a fallback, one state does not try")
                    .isEqualTo(new HeadReadings(0, 0, 2, 2));
            for (int i = 0; i < 1000; i++) {
                heads.best(state, 1);
            }
            assertThat(heads.screened.readings().fallbacks())
                    .as("pauses of 2, 4, 8, 16, 32, 64, 64, ...")
                    .isEqualTo(2 + 6 + (1000 - (2 + 4 + 8 + 16 + 32 + 64) - 6) / 65);
        }
    }

    @Test
    void statesThatAreNotFiniteOrTooLargeEndAsWithTheEightBitHead() {
        float[][] weights = gaussian(ROWS, COLS, 30);
        try (Heads heads = heads(weights)) {
            for (float value : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
                float[] x = new float[COLS];
                x[5] = value;
                assertThatExceptionOfType(NotFiniteException.class)
                        .isThrownBy(() -> heads.best(x, 1))
                        .withMessageStartingWith(
                                "a value before the output head is " + (Float.isNaN(value) ? "NaN" : "infinite"));
            }
            for (float size : new float[] {1e37f, 3e38f}) {
                float[] huge = gaussian(COLS, 1);
                for (int i = 0; i < COLS; i++) {
                    huge[i] = Math.signum(huge[i]) * size;
                }
                float[] all = heads.all(huge);
                assertThat(all).contains(Float.POSITIVE_INFINITY);
                float[] best = heads.best(huge, 1);
                for (int row = 0; row < ROWS; row++) {
                    if (!(all[row] < Float.POSITIVE_INFINITY)) {
                        assertThat(best[row]).isEqualTo(all[row]);
                    }
                }
            }
        }
    }

    /** The error of a row is what {@link ScreenedHeadProduct} says; a bound of a third of a deviation fails. */
    @Test
    void theBoundIsNeededAndTheErrorsAreAsSmallAsItSays() {
        float[][] weights = gaussian(ROWS, COLS, 1);
        try (Heads right = heads(weights);
                Heads wrong = new Heads(weights, Kernels.fastest(), 0.01, 0)) {
            int failures = 0;
            for (int i = 0; i < 300; i++) {
                float[] state = gaussian(COLS, 1);
                assertThat(right.agree(state, 5)).isTrue();
                failures += wrong.agree(state, 5) ? 0 : 1;
            }
            assertThat(failures).isGreaterThan(10);
        }
    }

    /** The errors of the weights are uniform, whatever the weights are. */
    @Test
    void errorsOfWeightsAreUniformInAStep() {
        int cols = 1 << 14;
        float[][] weights = {gaussian(cols, 1), new float[cols], new float[cols]};
        Arrays.fill(weights[1], 0.1f);
        weights[1][0] = 1;
        weights[2][3] = 1;
        try (Heads heads = heads(weights)) {
            for (int row = 0; row < weights.length; row++) {
                double step = heads.coarse.steps()[row];
                double sum = 0;
                double squares = 0;
                for (int i = 0; i < cols; i++) {
                    double error = exact(heads, row, i) - coarse(heads, row, i);
                    assertThat(Math.abs(error)).isLessThanOrEqualTo(step / 2 * 1.00001);
                    sum += error / step;
                    squares += error / step * error / step;
                }
                assertThat(Math.abs(sum)).as("5 deviations").isLessThan(5 * Math.sqrt(cols / 12.0));
                assertThat(squares / cols).isBetween(0.95 / 12, 1.05 / 12);
            }
        }
    }

    private static double exact(Heads heads, int row, int col) {
        Int8HeadProduct product = heads.exact;
        return (double) product.weights().code(row, col) * product.weights().scale(row, col / 32);
    }

    private static double coarse(Heads heads, int row, int col) {
        CoarseRows coarse = heads.coarse;
        long at = (row / 16 * 32L + row % 16) * coarse.planes().rowStride() + col / 4;
        int shift = 2 * (col % 4);
        MemorySegment codes = coarse.planes().codes();
        int high = (codes.get(ValueLayout.JAVA_BYTE, at) >> shift) & 3;
        int low = (codes.get(ValueLayout.JAVA_BYTE, at + 16 * coarse.planes().rowStride()) >> shift) & 3;
        return coarse.steps()[row] * (4.0 * high + low - 7 - coarse.dither()[col]);
    }

    @Test
    void aModelGivesTheSameTokensWithBothHeads() {
        for (int seed = 0; seed < 2; seed++) {
            try (Model all = SyntheticModel.of(SMALL, HeadType.INT8, seed);
                    Model screened = SyntheticModel.of(SMALL, HeadType.SCREENED, seed);
                    Engine a = all.engine(Kernels.fastest(), EngineOptions.withThreads(2));
                    Engine b = screened.engine(Kernels.fastest(), EngineOptions.withThreads(2));
                    Sequence one = a.sequence();
                    Sequence other = b.sequence()) {
                other.wantBest(1);
                int token = 1;
                for (int i = 0; i < 60; i++) {
                    int next = Argmax.of(one.decode(token));
                    assertThat(Argmax.of(other.decode(token)))
                            .as("seed %d, token %d", seed, i)
                            .isEqualTo(next);
                    token = (next + i) % SMALL.vocabulary();
                }
                assertThat(b.headReadings().full()).isZero();
                assertThat(b.headReadings().screened()).isGreaterThan(50);
                assertThat(a.headReadings()).isEqualTo(HeadReadings.NONE);
                assertThat(other.fork().decode(3)).as("a fork wants the same").contains(Float.NEGATIVE_INFINITY);
                other.wantBest(0);
                assertThat(other.decode(3)).isEqualTo(one.decode(3));
                assertThat(b.headReadings().full()).isEqualTo(1);
                assertThatIllegalArgumentException()
                        .isThrownBy(() -> other.wantBest(-1))
                        .withMessage("best: -1 tokens, expected 0 (all) or more");
            }
        }
    }
}
