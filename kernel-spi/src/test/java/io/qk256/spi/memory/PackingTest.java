package io.qk256.spi.memory;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.qk256.spi.Codebook;
import io.qk256.spi.F32Vector;
import io.qk256.spi.I8Vector;
import io.qk256.spi.Kernel;
import io.qk256.spi.Qk256;
import io.qk256.spi.Qk256Matrix;
import io.qk256.spi.parallel.ParallelKernel;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class PackingTest {

    /** Only its threads are used. */
    private static final class NoKernel extends Kernel {

        @Override
        protected void dequantizeRows(Qk256Matrix w, int fromRow, int toRow, F32Vector out) {
            throw new AssertionError("nobody asked for it");
        }

        @Override
        protected void gemvF32Rows(Qk256Matrix w, F32Vector x, int fromRow, int toRow, F32Vector y) {
            throw new AssertionError("nobody asked for it");
        }

        @Override
        protected void gemvI8Rows(Qk256Matrix w, I8Vector x, int fromRow, int toRow, F32Vector y) {
            throw new AssertionError("nobody asked for it");
        }
    }

    private final Arena arena = Arena.ofShared();
    private final ParallelKernel threads = ParallelKernel.withThreads(new NoKernel(), 3);

    @AfterEach
    void close() {
        threads.close();
        arena.close();
    }

    static Stream<Arguments> shapes() {
        return Stream.of(
                Arguments.of(0, 5),
                Arguments.of(1, 1),
                Arguments.of(3, 7),
                Arguments.of(5, 31),
                Arguments.of(5, 33),
                Arguments.of(2, 256),
                Arguments.of(70, 256),
                Arguments.of(9, 300),
                Arguments.of(3, 8192),
                Arguments.of(2, 8193),
                Arguments.of(300, 1025),
                Arguments.of(1, 20_000));
    }

    private Stream<Packing> packings() {
        return Stream.of(Packing.into(arena), Packing.into(arena, threads));
    }

    private static byte[] random(int n, int values, int first) {
        Random random = new Random(n);
        byte[] all = new byte[n];
        for (int i = 0; i < n; i++) {
            all[i] = (byte) (first + random.nextInt(values));
        }
        return all;
    }

    /** Checks the codes one by one against the definition, including the padding. */
    private static void requireCodes(Qk256Matrix w, int rows, int cols, byte[] codes) {
        byte[] expected = new byte[(int) (rows * Qk256.rowBytes(cols))];
        for (int row = 0; row < rows; row++) {
            Qk256.pack(
                    Arrays.copyOfRange(codes, row * cols, (row + 1) * cols),
                    MemorySegment.ofArray(expected).asSlice(row * Qk256.rowBytes(cols), Qk256.rowBytes(cols)));
        }
        assertThat(w.rows()).isEqualTo(rows);
        assertThat(w.cols()).isEqualTo(cols);
        assertThat(w.isOffHeap()).isTrue();
        assertThat(w.codes().toArray(JAVA_BYTE)).isEqualTo(expected);
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void codesArePackedAsTheLayoutSays(int rows, int cols) {
        byte[] codes = random(rows * cols, 4, 0);
        MemorySegment offHeap = arena.allocate(codes.length + 4L).asSlice(1, codes.length + 3L); // longer than needed
        offHeap.fill((byte) 9);
        offHeap.copyFrom(MemorySegment.ofArray(codes));
        packings().forEach(packing -> {
            requireCodes(packing.codes(codes, rows, cols, Codebook.QK256), rows, cols, codes);
            requireCodes(packing.codes(offHeap.asReadOnly(), rows, cols, Codebook.QK256), rows, cols, codes);
        });
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void whatIsUnpackedWasPacked(int rows, int cols) {
        byte[] codes = random(rows * cols, 4, 0);
        Qk256Matrix w = Packing.into(arena).codes(codes, rows, cols, Codebook.QK256);
        byte[] unpacked = new byte[codes.length + 2];
        Arrays.fill(unpacked, (byte) 77);
        Packing.unpack(w, MemorySegment.ofArray(unpacked));
        assertThat(Arrays.copyOf(unpacked, codes.length)).isEqualTo(codes);
        assertThat(unpacked).endsWith(77, 77);
    }

    @Test
    void rowsThatLieApartAreUnpacked() {
        byte[] codes = random(3 * 300, 4, 0);
        Qk256Matrix dense = Packing.into(arena).codes(codes, 3, 300, Codebook.QK256);
        byte[] apart = new byte[3 * 131];
        for (int row = 0; row < 3; row++) {
            MemorySegment.copy(dense.codes(), JAVA_BYTE, row * 128L, apart, row * 131, 128);
        }
        byte[] unpacked = new byte[codes.length];
        Packing.unpack(
                Qk256Matrix.of(MemorySegment.ofArray(apart), 3, 300, Codebook.QK256)
                        .withRowStride(131),
                MemorySegment.ofArray(unpacked));
        assertThat(unpacked).isEqualTo(codes);
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void ternaryWeightsAreCodesLessOne(int rows, int cols) {
        byte[] values = random(rows * cols, 3, -1);
        byte[] codes = new byte[values.length];
        for (int i = 0; i < codes.length; i++) {
            codes[i] = (byte) (values[i] + 1);
        }
        packings().forEach(packing -> {
            Qk256Matrix w = packing.ternary(values, rows, cols);
            requireCodes(w, rows, cols, codes);
            assertThat(w.codebook()).isEqualTo(Codebook.TERNARY);
        });
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void absMeanIsTheRuleAsItIsWritten(int rows, int cols) {
        Random random = new Random(rows);
        float[] weights = new float[rows * cols];
        double sum = 0;
        for (int i = 0; i < weights.length; i++) {
            weights[i] = (float) random.nextGaussian() * 0.02f;
            sum += Math.abs(weights[i]);
        }
        packings().forEach(packing -> requireAbsMean(packing, weights, rows, cols));
        if (rows > 0) {
            float mean = (float) (sum / weights.length);
            assertThat(Packing.into(arena)
                            .absMean(F32Vector.of(weights), rows, cols)
                            .tensorScale())
                    .isBetween(Math.nextDown(mean), Math.nextUp(mean));
        }
    }

    private static void requireAbsMean(Packing packing, float[] weights, int rows, int cols) {
        Qk256Matrix w = packing.absMean(F32Vector.of(weights), rows, cols);
        byte[] codes = new byte[weights.length];
        for (int i = 0; i < codes.length; i++) {
            codes[i] = (byte) (1 + Math.clamp(Math.rint(weights[i] / w.tensorScale()), -1.0, 1.0));
        }
        requireCodes(w, rows, cols, codes);
        assertThat(w.codebook()).isEqualTo(Codebook.TERNARY);
    }

    /** The mean is 1, so 0.5 and -0.5 are ties, which go to the even 0; their next neighbors do not. */
    @Test
    void absMeanRoundsHalfToEven() {
        float above = Math.nextUp(0.5f);
        float below = Math.nextDown(0.5f);
        float rest = (float) (8 - 0.5 - 0.5 - above - above - below - below - 0.0);
        float[] weights = {0.5f, -0.5f, above, -above, below, -below, -0f, rest};
        Qk256Matrix w = Packing.into(arena).absMean(F32Vector.of(weights), 1, 8);
        assertThat(w.tensorScale()).isEqualTo(1);
        byte[] codes = new byte[8];
        Packing.unpack(w, MemorySegment.ofArray(codes));
        assertThat(codes).containsExactly(1, 1, 2, 0, 1, 1, 1, 2);
    }

    @Test
    void absMeanOfZerosAndOfTinyWeightsHasTheSmallestScale() {
        for (float tiny : new float[] {0, Float.MIN_VALUE, 1e-6f}) {
            Qk256Matrix w = Packing.into(arena).absMean(F32Vector.of(tiny, -tiny, tiny), 1, 3);
            assertThat(w.tensorScale()).isEqualTo(1e-5f);
            assertThat(w.codes().get(JAVA_BYTE, 0)).isEqualTo((byte) 0b01_01_01);
        }
    }

    @Test
    void absMeanOfTheLargestWeightsIsFinite() {
        Qk256Matrix w =
                Packing.into(arena).absMean(F32Vector.of(Float.MAX_VALUE, -Float.MAX_VALUE, Float.MAX_VALUE, 0), 1, 4);
        assertThat(w.tensorScale()).isEqualTo(0.75f * Float.MAX_VALUE);
        assertThat(w.codes().get(JAVA_BYTE, 0)).isEqualTo((byte) 0b01_10_00_10);
    }

    /** The same bits, whichever thread adds. */
    @Test
    void theScaleOfAbsMeanDoesNotDependOnTheThreads() {
        Random random = new Random(1);
        float[] weights = new float[1000 * 300];
        for (int i = 0; i < weights.length; i++) {
            weights[i] = random.nextFloat();
        }
        assertThat(packings()
                        .map(packing -> packing.absMean(F32Vector.of(weights), 1000, 300)
                                .tensorScale())
                        .distinct())
                .hasSize(1);
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void exactWeightsKeepTheirBits(int rows, int cols) {
        float scale = 0.037f;
        for (Codebook codebook : List.of(Codebook.QK256, Codebook.TERNARY, new Codebook(-0.7f, 0.1f, 3.3f, 1e-3f))) {
            byte[] codes = random(rows * cols, 4, 0);
            float[] weights = new float[codes.length];
            for (int i = 0; i < codes.length; i++) {
                weights[i] = codebook.value(codes[i]) * scale;
            }
            packings().forEach(packing -> {
                Qk256Matrix w = packing.exact(F32Vector.of(weights), rows, cols, codebook, scale);
                requireCodes(w, rows, cols, codes);
                assertThat(w.tensorScale()).isEqualTo(scale);
                assertThat(w.codebook()).isEqualTo(codebook);
            });
        }
    }

    @Test
    void exactTakesZeroOfAnySignAndTheFirstOfEqualValues() {
        float[] weights = {0f, -0f, 2, -2};
        for (float zero : new float[] {0f, -0f}) {
            Qk256Matrix w = Packing.into(arena).exact(F32Vector.of(weights), 1, 4, new Codebook(-1, zero, 1, 1), 2);
            assertThat(w.codes().get(JAVA_BYTE, 0)).isEqualTo((byte) 0b00_10_01_01);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {-128, -1, 4, 8, 127})
    void aByteThatIsNoCodeIsRefusedByItsPlace(int bad) {
        byte[] codes = new byte[300 * 700];
        codes[201 * 700 + 699] = (byte) bad;
        codes[299 * 700] = 77;
        packings()
                .forEach(packing -> assertThatIllegalArgumentException()
                        .isThrownBy(() -> packing.codes(codes, 300, 700, Codebook.QK256))
                        .withMessage("codes: " + bad + " at row 201, column 699, expected 0 to 3"));
    }

    @ParameterizedTest
    @ValueSource(ints = {-128, -3, -2, 2, 3, 4, 127})
    void aByteThatIsNotTernaryIsRefusedByItsPlace(int bad) {
        byte[] values = random(40 * 256, 3, -1);
        values[7 * 256 + 130] = (byte) bad;
        packings()
                .forEach(packing -> assertThatIllegalArgumentException()
                        .isThrownBy(() -> packing.ternary(values, 40, 256))
                        .withMessage("values: " + bad + " at row 7, column 130, expected -1, 0 or 1"));
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
    void absMeanRefusesWhatIsNotFinite(float bad) {
        float[] weights = new float[40 * 300];
        weights[39 * 300 + 299] = Float.NaN;
        weights[7 * 300 + 130] = bad;
        packings()
                .forEach(packing -> assertThatIllegalArgumentException()
                        .isThrownBy(() -> packing.absMean(F32Vector.of(weights), 40, 300))
                        .withMessage("weights: " + bad + " at row 7, column 130, expected a finite value"));
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, 0.25f, 0.50000006f, -1, Float.MIN_VALUE})
    void exactRefusesOtherValues(float bad) {
        float[] weights = new float[40 * 300];
        weights[7 * 300 + 130] = bad;
        packings()
                .forEach(packing -> assertThatIllegalArgumentException()
                        .isThrownBy(() -> packing.exact(F32Vector.of(weights), 40, 300, Codebook.TERNARY, 0.5f))
                        .withMessage("weights: " + bad + " at row 7, column 130, expected one of [-0.5, 0.0, 0.5, 1.0],"
                                + " the values of the codebook times the scale 0.5"));
    }

    @Test
    void shapesAndSizesAreChecked() {
        Packing packing = Packing.into(arena);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> packing.codes(new byte[11], 3, 4, Codebook.QK256))
                .withMessage("codes: 11 values, expected 12 or more (3 rows x 4 columns)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> packing.ternary(new byte[11], 3, 4))
                .withMessage("values: 11 values, expected 12 or more (3 rows x 4 columns)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> packing.absMean(F32Vector.of(1, 2), 2, Integer.MAX_VALUE))
                .withMessage("weights: 2 values, expected 4294967294 or more (2 rows x 2147483647 columns)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> packing.absMean(F32Vector.of(1, 2), -1, 2))
                .withMessage("rows: -1, expected 0 or more; cols: 2, expected 1 or more");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> packing.exact(F32Vector.of(1), 1, 0, Codebook.TERNARY, 1))
                .withMessage("rows: 1, expected 0 or more; cols: 0, expected 1 or more");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> packing.exact(F32Vector.of(1), 1, 1, Codebook.TERNARY, Float.NaN))
                .withMessage("scale: NaN, expected a finite value");
        Qk256Matrix w = packing.codes(new byte[12], 3, 4, Codebook.QK256);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Packing.unpack(w, MemorySegment.ofArray(new byte[11])))
                .withMessage("codes: 11 values, expected 12 or more (3 rows x 4 columns)");
    }
}
