package io.qk256.tck;

import static io.qk256.tck.OperationUnderTest.DEQUANTIZE;
import static io.qk256.tck.OperationUnderTest.GEMM_I8;
import static io.qk256.tck.OperationUnderTest.GEMV_F32;
import static io.qk256.tck.OperationUnderTest.GEMV_I8;
import static java.lang.Float.NEGATIVE_INFINITY;
import static java.lang.Float.NaN;
import static java.lang.Float.POSITIVE_INFINITY;

import io.qk256.spi.Codebook;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Rule 18: NaN and infinities. */
interface NotFiniteRules extends RuleGroup {

    /** Infinities, and three kinds of NaN: as operations produce it, with other bits, and a signaling one. */
    private static List<Float> notNumbers() {
        return List.of(
                POSITIVE_INFINITY,
                NEGATIVE_INFINITY,
                NaN,
                Float.intBitsToFloat(0xFFC0_1234),
                Float.intBitsToFloat(0x7F80_0001));
    }

    @Test
    @DisplayName(Rules.NOT_FINITE + ", NaN in x")
    default void rule18NanInX() {
        Problem problem = Problem.random(5, 300, 18).with(Codebook.TERNARY);
        Problem zeros = problem.withCode(1);
        for (int col = 0; col < problem.cols(); col++) {
            everyRowGives(NaN, problem.withX(col, NaN));
            everyRowGives(NaN, zeros.withX(col, NaN));
        }
    }

    @Test
    @DisplayName(Rules.NOT_FINITE + ", infinity in x")
    default void rule18InfinityInX() {
        Problem problem = Problem.random(5, 300, 18);
        Problem zeros = problem.with(Codebook.TERNARY).withCode(1);
        for (int col = 0; col < problem.cols(); col++) {
            everyRowGives(NaN, zeros.withX(col, POSITIVE_INFINITY));
            everyRowGives(POSITIVE_INFINITY, problem.withCode(3).withX(col, POSITIVE_INFINITY));
            everyRowGives(NEGATIVE_INFINITY, problem.withCode(0).withX(col, POSITIVE_INFINITY));
            everyRowGives(POSITIVE_INFINITY, problem.withCode(1).withX(col, NEGATIVE_INFINITY));
            everyRowGives(NaN, problem.withCode(2).withX(col, POSITIVE_INFINITY).withX(299 - col, NEGATIVE_INFINITY));
        }
    }

    /**
     * Each value of each codebook with infinity and NaN. Kernels may decompose a codebook, into a step and an offset or
     * into bits, but infinities of both signs must not meet.
     */
    @Test
    @DisplayName(Rules.NOT_FINITE + ", against every codebook")
    default void rule18NotFiniteAgainstEveryCodebook() {
        for (Codebook codebook : Codebooks.ALL) {
            for (int code = 0; code < 4; code++) {
                float value = codebook.value(code);
                for (int cols : List.of(1, 37, 300)) {
                    Problem problem = Problem.random(5, cols, 18).with(codebook).withCode(code);
                    for (float odd : notNumbers()) {
                        everyRowGives(value * odd, problem.withX("all x " + odd, col -> odd));
                        everyRowGives(value * odd, problem.withX(cols / 2, odd));
                        everyRowGives(
                                value * odd, problem.withX("x = 0", col -> 0).withX(cols - 1, odd));
                    }
                }
            }
        }
    }

    /** A sum of 0 does not allow a kernel to skip a scale. */
    @Test
    @DisplayName(Rules.NOT_FINITE + ", scales of sums that are 0")
    default void rule18NotFiniteScalesOfZeroSums() {
        for (int cols : List.of(1, 37, 300, 700)) {
            Problem problem = Problem.random(5, cols, 18);
            Problem zeroX = problem.withX("x = 0", col -> 0).withQ("q = 0", col -> 0);
            Problem zeroWeights = problem.with(Codebook.TERNARY).withCode(1);
            for (Problem zero : List.of(zeroX, zeroWeights)) {
                for (float odd : notNumbers()) {
                    everyProductIsNaN(zero.withTensorScale(odd));
                    float[] scales = new float[5 * zero.blocks()];
                    Arrays.fill(scales, odd);
                    everyProductIsNaN(zero.withBlockScales(scales));
                    for (int block = 0; block < zero.blocks(); block++) {
                        oneBlockScale(zero, block, odd);
                    }
                }
            }
            // Integers that cancel within a block also sum to 0.
            Problem cancels = problem.withCodes("codes alternate", (row, col) -> col % 2)
                    .withQ("q cancels", col -> col == cols - 1 && cols % 2 == 1 ? 0 : col % 2 == 0 ? 64 : -128);
            for (float odd : notNumbers()) {
                for (int block = 0; block < cancels.blocks(); block++) {
                    float[] scales = new float[5 * cancels.blocks()];
                    Arrays.fill(scales, 1);
                    scales[block] = odd;
                    for (Problem scaled : List.of(cancels.withTensorScale(odd), cancels.withBlockScales(scales))) {
                        kernel().trial(Rules.NOT_FINITE, scaled).check(GEMV_I8);
                        kernel().trial(Rules.NOT_FINITE, scaled).check(GEMM_I8);
                    }
                }
            }
        }
    }

    /** Scales of 0, and weights of 0, with a non-finite x. */
    @Test
    @DisplayName(Rules.NOT_FINITE + ", scales that are 0")
    default void rule18NotFiniteAgainstScalesOfZero() {
        for (int cols : List.of(1, 37, 300)) {
            for (float odd : notNumbers()) {
                Problem problem = Problem.random(5, cols, 18).withX(cols - 1, odd);
                for (float zero : new float[] {0f, -0f}) {
                    float[] scales = new float[5 * problem.blocks()];
                    Arrays.fill(scales, zero);
                    everyRowGives(NaN, problem.withTensorScale(zero));
                    everyRowGives(NaN, problem.withBlockScales(scales));
                }
            }
        }
    }

    private void everyProductIsNaN(Problem problem) {
        everyRowGives(NaN, problem);
        integersAreNaN(problem);
    }

    private void integersAreNaN(Problem problem) {
        Trial trial = kernel().trial(Rules.NOT_FINITE, problem);
        trial.compare(GEMV_I8, trial.run(GEMV_I8).values(), Expected.exactly(NaN, problem.rows()));
        int all = problem.rows() * problem.columns();
        trial.compare(GEMM_I8, trial.run(GEMM_I8).values(), Expected.exactly(NaN, all));
    }

    /** One block of row 0 has the odd scale, all other blocks have 1: only row 0 is NaN. */
    private void oneBlockScale(Problem zero, int block, float odd) {
        float[] scales = new float[5 * zero.blocks()];
        Arrays.fill(scales, 1);
        scales[block] = odd;
        Trial trial = kernel().trial(Rules.NOT_FINITE, zero.withBlockScales(scales));
        Expected[] expected = new Expected[5];
        Arrays.fill(expected, Expected.number(0));
        expected[0] = Expected.exactly(NaN);
        trial.compare(GEMV_F32, trial.run(GEMV_F32).values(), expected);
        trial.check(GEMV_I8);
        trial.check(GEMM_I8);
    }

    private void everyRowGives(float value, Problem problem) {
        Trial trial = kernel().trial(Rules.NOT_FINITE, problem);
        trial.compare(GEMV_F32, trial.run(GEMV_F32).values(), Expected.exactly(value, problem.rows()));
    }

    /** Codes and x have one sign, so that an infinite scale gives an infinite sum in every order of the operations. */
    @Test
    @DisplayName(Rules.NOT_FINITE + ", scale of a block")
    default void rule18NotFiniteBlockScale() {
        Problem problem = Problem.random(5, 700, 18).withCode(3).withX("x = 1", col -> 1);
        for (float odd : new float[] {NaN, POSITIVE_INFINITY, NEGATIVE_INFINITY}) {
            for (int block = 0; block < 5 * 3; block++) {
                float[] scales = new float[5 * 3];
                Arrays.fill(scales, 0.5f);
                scales[block] = odd;
                Trial trial = kernel().trial(Rules.NOT_FINITE, problem.withBlockScales(scales));
                trial.check(DEQUANTIZE);
                trial.check(GEMV_I8);
                Expected[] expected = trial.expected(GEMV_F32);
                expected[block / 3] = Expected.exactly(odd);
                trial.compare(GEMV_F32, trial.run(GEMV_F32).values(), expected);
            }
        }
    }

    @Test
    @DisplayName(Rules.NOT_FINITE + ", scale of the tensor")
    default void rule18NotFiniteTensorScale() {
        Problem problem = Problem.random(5, 700, 18).withCode(3).withX("x = 1", col -> 1);
        for (float odd : new float[] {NaN, POSITIVE_INFINITY, NEGATIVE_INFINITY}) {
            Problem scaled = problem.withTensorScale(odd);
            everyRowGives(odd, scaled);
            everyRowGives(odd, scaled.withBlockScales(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
            Problem ternary = Problem.random(5, 700, 18).with(Codebook.TERNARY).withTensorScale(odd);
            kernel().trial(Rules.NOT_FINITE, ternary).check(DEQUANTIZE);
            kernel().trial(Rules.NOT_FINITE, ternary).check(GEMV_I8);
        }
    }
}
