package io.qk256.tck;

import static io.qk256.tck.OperationUnderTest.DEQUANTIZE;
import static io.qk256.tck.OperationUnderTest.GEMV_F32;
import static io.qk256.tck.OperationUnderTest.GEMV_I8;

import io.qk256.spi.Qk256;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Rules 1 to 11: what every kernel must compute. */
interface CoreRules extends RuleGroup {

    @Test
    @DisplayName(Rules.ONE_BLOCK + ", f32")
    default void rule01OneBlockF32() {
        kernel().trial(Rules.ONE_BLOCK, Problem.random(1, 256, 42)).checkCore(GEMV_F32);
    }

    @Test
    @DisplayName(Rules.ONE_BLOCK + ", int8")
    default void rule01OneBlockInt8() {
        kernel().trial(Rules.ONE_BLOCK, Problem.random(1, 256, 42)).checkCore(GEMV_I8);
    }

    @Test
    @DisplayName(Rules.TWO_BLOCKS + ", f32")
    default void rule02TwoBlocksF32() {
        kernel().trial(Rules.TWO_BLOCKS, Problem.random(1, 512, 1337)).checkCore(GEMV_F32);
    }

    @Test
    @DisplayName(Rules.TWO_BLOCKS + ", int8")
    default void rule02TwoBlocksInt8() {
        kernel().trial(Rules.TWO_BLOCKS, Problem.random(1, 512, 1337)).checkCore(GEMV_I8);
    }

    @Test
    @DisplayName(Rules.FOUR_BLOCKS + ", f32")
    default void rule03FourBlocksF32() {
        kernel().trial(Rules.FOUR_BLOCKS, Problem.random(1, 1024, 9999)).checkCore(GEMV_F32);
    }

    @Test
    @DisplayName(Rules.FOUR_BLOCKS + ", int8")
    default void rule03FourBlocksInt8() {
        kernel().trial(Rules.FOUR_BLOCKS, Problem.random(1, 1024, 9999)).checkCore(GEMV_I8);
    }

    @Test
    @DisplayName(Rules.SIXTEEN_BLOCKS + ", f32")
    default void rule04SixteenBlocksF32() {
        kernel().trial(Rules.SIXTEEN_BLOCKS, Problem.random(1, 4096, 12345)).checkCore(GEMV_F32);
    }

    @Test
    @DisplayName(Rules.SIXTEEN_BLOCKS + ", int8")
    default void rule04SixteenBlocksInt8() {
        kernel().trial(Rules.SIXTEEN_BLOCKS, Problem.random(1, 4096, 12345)).checkCore(GEMV_I8);
    }

    @Test
    @DisplayName(Rules.PARTIAL_BLOCK + ", f32")
    default void rule05PartialBlockF32() {
        kernel().trial(Rules.PARTIAL_BLOCK, Problem.random(1, 300, 54321)).checkCore(GEMV_F32);
    }

    @Test
    @DisplayName(Rules.PARTIAL_BLOCK + ", int8")
    default void rule05PartialBlockInt8() {
        kernel().trial(Rules.PARTIAL_BLOCK, Problem.random(1, 300, 54321)).checkCore(GEMV_I8);
    }

    @Test
    @DisplayName(Rules.ONE_WEIGHT_MORE + ", f32")
    default void rule06TwoBlocksAndOneWeightF32() {
        kernel().trial(Rules.ONE_WEIGHT_MORE, Problem.random(1, 513, 99999)).checkCore(GEMV_F32);
    }

    @Test
    @DisplayName(Rules.ONE_WEIGHT_MORE + ", int8")
    default void rule06TwoBlocksAndOneWeightInt8() {
        kernel().trial(Rules.ONE_WEIGHT_MORE, Problem.random(1, 513, 99999)).checkCore(GEMV_I8);
    }

    @Test
    @DisplayName(Rules.SEVEN_SEEDS + ", f32")
    default void rule07SevenSeedsF32() {
        for (long seed : List.of(1L, 42L, 1337L, 9999L, 12345L, 54321L, 99999L)) {
            kernel().trial(Rules.SEVEN_SEEDS, Problem.random(1, 1024, seed)).checkCore(GEMV_F32);
        }
    }

    @Test
    @DisplayName(Rules.SEVEN_SEEDS + ", int8")
    default void rule07SevenSeedsInt8() {
        for (long seed : List.of(1L, 42L, 1337L, 9999L, 12345L, 54321L, 99999L)) {
            kernel().trial(Rules.SEVEN_SEEDS, Problem.random(1, 1024, seed)).checkCore(GEMV_I8);
        }
    }

    @Test
    @DisplayName(Rules.UNIFORM_CODES + ", f32")
    default void rule08UniformCodesF32() {
        for (int code = 0; code < 4; code++) {
            Problem problem = Problem.random(1, 512, 42 + code).withCode(code);
            double sum = 0;
            for (float x : problem.x()) {
                sum += x;
            }
            Trial trial = kernel().trial(Rules.UNIFORM_CODES, problem);
            trial.checkCore(GEMV_F32);
            double bound = trial.expected(GEMV_F32)[0].core().tolerance();
            trial.compare(GEMV_F32, trial.run(GEMV_F32).values(), Expected.within(problem.value(0, 0) * sum, bound));
        }
    }

    @Test
    @DisplayName(Rules.UNIFORM_CODES + ", int8")
    default void rule08UniformCodesInt8() {
        for (int code = 0; code < 4; code++) {
            Problem problem = Problem.random(1, 512, 42 + code).withCode(code);
            int sum = 0;
            for (byte q : problem.q()) {
                sum += q;
            }
            Trial trial = kernel().trial(Rules.UNIFORM_CODES, problem);
            trial.checkCore(GEMV_I8);
            trial.compare(GEMV_I8, trial.run(GEMV_I8).values(), Expected.exactly(problem.value(0, 0) * sum));
        }
    }

    @Test
    @DisplayName(Rules.ZERO_INPUT + ", f32")
    default void rule09ZeroInputF32() {
        Trial trial =
                kernel().trial(Rules.ZERO_INPUT, Problem.random(1, 1024, 42).withX("x = 0", col -> 0));
        trial.compare(GEMV_F32, trial.run(GEMV_F32).values(), Expected.number(0));
    }

    @Test
    @DisplayName(Rules.ZERO_INPUT + ", int8")
    default void rule09ZeroInputInt8() {
        kernel().trial(Rules.ZERO_INPUT, Problem.random(1, 1024, 42).withQ("q = 0", col -> 0))
                .checkCore(GEMV_I8);
    }

    @Test
    @DisplayName(Rules.MANY_ROWS + ", f32")
    default void rule10ManyRowsF32() {
        kernel().trial(Rules.MANY_ROWS, Problem.random(8, 512, 42)).checkCore(GEMV_F32);
    }

    @Test
    @DisplayName(Rules.MANY_ROWS + ", int8")
    default void rule10ManyRowsInt8() {
        kernel().trial(Rules.MANY_ROWS, Problem.random(8, 512, 42)).checkCore(GEMV_I8);
    }

    @Test
    @DisplayName(Rules.EVERY_BYTE)
    default void rule11DequantizeEveryByte() {
        int rows = 256;
        Random random = new Random(11);
        float[] scales = new float[rows];
        for (int row = 0; row < rows; row++) {
            scales[row] = random.nextFloat() * 4 - 2;
        }
        // Byte p of row r is (r + 37 p) mod 256: over the rows, each byte position takes every value.
        Problem problem = Problem.random(rows, Qk256.BLOCK_WEIGHTS, 11)
                .withCodes("every byte in every place", (row, col) -> (row + 37 * (col / 4)) >> (2 * (col % 4)) & 3)
                .withBlockScales(scales);
        kernel().trial(Rules.EVERY_BYTE, problem).check(DEQUANTIZE);
    }
}
