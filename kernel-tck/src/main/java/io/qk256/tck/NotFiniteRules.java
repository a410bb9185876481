package io.qk256.tck;

import static io.qk256.tck.Operation.DEQUANTIZE;
import static io.qk256.tck.Operation.F32;
import static io.qk256.tck.Operation.INT8;
import static java.lang.Float.NEGATIVE_INFINITY;
import static java.lang.Float.NaN;
import static java.lang.Float.POSITIVE_INFINITY;

import io.qk256.spi.Codebook;
import java.util.Arrays;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Rule 18: NaN and infinities. */
interface NotFiniteRules extends RuleGroup {

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

    private void everyRowGives(float value, Problem problem) {
        Trial trial = kernel().trial(Rules.NOT_FINITE, problem);
        trial.compare(F32, trial.run(F32).values(), Expected.exactly(value, problem.rows()));
    }

    /** Codes and x of one sign, so that an infinite scale gives an infinite sum in every order of the operations. */
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
                trial.check(INT8);
                Expected[] expected = trial.expected(F32);
                expected[block / 3] = Expected.exactly(odd);
                trial.compare(F32, trial.run(F32).values(), expected);
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
            kernel().trial(Rules.NOT_FINITE, ternary).check(INT8);
        }
    }
}
