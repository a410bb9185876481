package io.qk256.tck;

import static io.qk256.tck.OperationUnderTest.DEQUANTIZE;
import static io.qk256.tck.OperationUnderTest.GEMM_I8;
import static io.qk256.tck.OperationUnderTest.GEMV_F32;
import static io.qk256.tck.OperationUnderTest.GEMV_I8;

import io.qk256.spi.Codebook;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Rules 19 and 20: the limits of the f32 range. */
interface RangeRules extends RuleGroup {

    @Test
    @DisplayName(Rules.SUBNORMAL + ", scales")
    default void rule19SubnormalScales() {
        Codebook codebook = new Codebook(-3, 0.75f, 1, 2);
        for (float scale : new float[] {Float.MIN_VALUE, -3 * Float.MIN_VALUE, 0x1p-130f, -0x1.8p-127f}) {
            Problem problem = Problem.random(5, 300, 19);
            float[] scales = {scale, 2 * scale, -scale, scale, scale, 3 * scale, scale, -scale, scale, scale};
            Problem blocks = problem.withBlockScales(scales);
            for (Problem scaled : List.of(problem.withTensorScale(scale), blocks, blocks.withTensorScale(0x1p100f))) {
                kernel().trial(Rules.SUBNORMAL, scaled.with(codebook)).check(DEQUANTIZE);
                kernel().trial(Rules.SUBNORMAL, scaled.with(codebook)).check(GEMV_F32);
                kernel().trial(Rules.SUBNORMAL, scaled).check(GEMV_I8);
            }
        }
    }

    @Test
    @DisplayName(Rules.SUBNORMAL + ", activation scales and results")
    default void rule19SubnormalActivationScales() {
        Problem one = Problem.random(5, 300, 19)
                .withQ("q = 1 in column 0", col -> col == 0 ? 1 : 0)
                .withColumns(1);
        for (float scale : new float[] {Float.MIN_VALUE, 0x1.8p-127f, 0x1p-126f, 0x1p126f, 0x1p127f}) {
            for (float tensorScale : new float[] {1, 0x1p-120f, 0x1p100f, -0x1.8p-3f}) {
                Problem scaled = one.withActivationScale(scale).withTensorScale(tensorScale);
                kernel().trial(Rules.SUBNORMAL, scaled).check(GEMV_I8);
                kernel().trial(Rules.SUBNORMAL, scaled.withBinaryBlockScales()).check(GEMV_I8);
                kernel().trial(Rules.SUBNORMAL, scaled).check(GEMM_I8);
            }
        }
    }

    @Test
    @DisplayName(Rules.SUBNORMAL + ", x")
    default void rule19SubnormalX() {
        for (int exponent = -135; exponent <= -126; exponent++) {
            float unit = Math.scalb(1f, exponent);
            for (int cols : List.of(1, 5, 300)) {
                Problem problem = Problem.random(5, cols, 19).withX("x to 2^" + exponent, col -> unit / (1 + col % 7));
                kernel().trial(Rules.SUBNORMAL, problem).check(GEMV_F32);
                kernel().trial(Rules.SUBNORMAL, problem.withTensorScale(0x1p60f))
                        .check(GEMV_F32);
            }
        }
    }

    @Test
    @DisplayName(Rules.RANGE + ", overflow")
    default void rule20Overflow() {
        Problem problem = Problem.random(5, 300, 20);
        for (float x : new float[] {Float.MAX_VALUE, 1e38f}) {
            Problem large = problem.withX("all x " + x, col -> x);
            everyRowGives(Float.POSITIVE_INFINITY, large.withCode(3));
            everyRowGives(Float.NEGATIVE_INFINITY, large.withCode(0));
            everyRowGives(Float.POSITIVE_INFINITY, large.withCode(2));
            everyRowGives(Float.NEGATIVE_INFINITY, large.withCode(1));
        }
        for (float scale : new float[] {Float.MAX_VALUE, -1e38f}) {
            for (Codebook codebook : List.of(Codebook.QK256, Codebook.TERNARY, new Codebook(-64, -1, 1, 63))) {
                Problem tensor = problem.with(codebook).withTensorScale(scale);
                Problem blocks = problem.with(codebook)
                        .withBlockScales(scale, 1, scale, 2, 3, scale, scale, scale, 1, 1)
                        .withTensorScale(4);
                for (Problem large : List.of(tensor, blocks, tensor.withActivationScale(1e-30f))) {
                    kernel().trial(Rules.RANGE, large).check(DEQUANTIZE);
                    kernel().trial(Rules.RANGE, large).check(GEMV_I8);
                }
            }
        }
    }

    private void everyRowGives(float value, Problem problem) {
        Trial trial = kernel().trial(Rules.RANGE, problem);
        trial.compare(GEMV_F32, trial.run(GEMV_F32).values(), Expected.exactly(value, problem.rows()));
    }

    /** A block is multiplied by the product of its scale and the tensor scale: neither has an effect on its own. */
    @Test
    @DisplayName(Rules.RANGE + ", opposed scales")
    default void rule20OpposedScales() {
        for (float scale : new float[] {1e30f, 1e-30f}) {
            float[] scales = new float[5 * 3];
            Arrays.fill(scales, scale);
            for (double size : new double[] {1e15, 1e-15}) {
                Problem problem = Problem.random(5, 700, 20)
                        .withX("x to " + size, col -> (col % 2 == 0 ? size : -size) / (1 + col % 7))
                        .withBlockScales(scales)
                        .withTensorScale(1 / scale);
                kernel().trial(Rules.RANGE, problem).check(DEQUANTIZE);
                kernel().trial(Rules.RANGE, problem).check(GEMV_F32);
            }
        }
    }

    /** Products below the smallest f32: the bound has a term for each. */
    @Test
    @DisplayName(Rules.RANGE + ", underflow")
    default void rule20Underflow() {
        for (int exponent = -40; exponent >= -70; exponent--) {
            float unit = Math.scalb(1f, exponent);
            Problem problem = Problem.random(5, 300, -exponent)
                    .withX("x to 2^" + exponent, col -> unit / (1 + col % 7))
                    .withBlockScales(unit, -unit, 1, unit, unit, 3 * unit, 2, unit, 1, 1)
                    .withTensorScale(unit);
            kernel().trial(Rules.RANGE, problem).checkAll();
            kernel().trial(Rules.RANGE, problem.with(new Codebook(-0.7f, 0.1f, 1.3f, 1e-3f)))
                    .check(GEMV_F32);
            kernel().trial(Rules.RANGE, problem.withActivationScale(1 / unit)).check(GEMV_I8);
        }
    }

    /** Neighbors cancel except for their last bits, at magnitudes from 1e-3 to 1e6. */
    @Test
    @DisplayName(Rules.RANGE + ", cancellation")
    default void rule20Cancellation() {
        for (int cols : List.of(2, 10, 256, 300, 1030)) {
            for (int code = 0; code < 4; code++) {
                Problem problem =
                        Problem.random(5, cols, cols).withCode(code).withX("x cancels", col -> cancelling(col));
                kernel().trial(Rules.RANGE, problem).check(GEMV_F32);
                kernel().trial(Rules.RANGE, problem.withRandomBlockScales()).check(GEMV_F32);
            }
        }
    }

    /**
     * Weights that are 0 or small preserve the values next to a huge x: nothing huge may be added beyond the
     * weights.
     */
    @Test
    @DisplayName(Rules.RANGE + ", small weights and huge x")
    default void rule20SmallWeightsAndHugeX() {
        List<Codebook> codebooks = List.of(
                Codebook.TERNARY,
                new Codebook(0, 1, 2, 3),
                new Codebook(-2, -1, 0, 1),
                new Codebook(3, 2, 1, 0),
                new Codebook(-1, 0, 1, 5),
                new Codebook(-1e-6f, 1, 2, 1e-6f));
        for (Codebook codebook : codebooks) {
            for (int least = 0; least < 4; least++) {
                if (Math.abs(codebook.value(least)) < 0.5f) {
                    besideHugeX(codebook, least);
                }
            }
        }
    }

    private void besideHugeX(Codebook codebook, int least) {
        for (int cols : List.of(2, 37, 300, 1030)) {
            Problem problem = Problem.random(5, cols, cols)
                    .with(codebook)
                    .withCodes("every second code " + least, (row, col) -> col % 2 == 0 ? least : (row + col / 2) % 4);
            Problem huge = problem.withX(
                    "huge x at every second", col -> col % 2 == 0 ? 1e12 * (1 + col % 7) : 1 + col % 5 * 0.25);
            kernel().trial(Rules.RANGE, huge.withCodes("alternating", (row, col) -> col % 2 == 0 ? least : 3 - least))
                    .check(GEMV_F32);
            kernel().trial(Rules.RANGE, huge).check(GEMV_F32);
            kernel().trial(Rules.RANGE, huge.withRandomBlockScales()).check(GEMV_F32);
        }
    }

    private static float cancelling(int col) {
        float size = (float) Math.pow(10, col / 2 % 10 - 3);
        return col % 2 == 0 ? size : -Math.nextUp(size);
    }
}
