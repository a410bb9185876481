package io.qk256.tck;

import static io.qk256.tck.OperationUnderTest.GEMM_Q8;
import static io.qk256.tck.OperationUnderTest.GEMM_Q8_I16;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Rule 49: 8-bit weights, with int8 and with int16 activations. The other rules, except those of codebooks and group scales, test them as well. */
interface WideRules extends RuleGroup {

    /** Numbers of rows around the tiles of 16, and of columns around the groups of 32 and groups of four. */
    @Test
    @DisplayName(Rules.WIDE_WEIGHTS + ", every size")
    default void rule49WideWeightsOfEverySize() {
        for (int rows : List.of(1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 33, 47, 48, 49, 255, 256, 257, 300)) {
            for (int cols : List.of(1, 5, 31, 32, 33, 64, 100)) {
                check(Problem.random(rows, cols, rows + cols).withColumns(1 + rows % 5));
            }
        }
        for (int cols = 1; cols <= 330; cols++) {
            check(Problem.random(3, cols, cols).withColumns(1 + cols % 7).withActivationScale(0.3f));
        }
        for (int cols : List.of(2560, 4096, 8191, 8192, 8193, 8224, 12_289, 16_384 + 7, 33_000)) {
            check(Problem.random(19, cols, cols).withColumns(2));
        }
    }

    /** Every range of some rows: ranges that start and end within a tile. */
    @Test
    @DisplayName(Rules.WIDE_WEIGHTS + ", every range")
    default void rule49WideWeightsInEveryRange() {
        Problem problem = Problem.random(51, 70, 49).withColumns(3);
        kernel().trial(Rules.WIDE_WEIGHTS, problem).checkEveryRange(GEMM_Q8);
        kernel().trial(Rules.WIDE_WEIGHTS, problem).checkEveryRange(GEMM_Q8_I16);
    }

    /** Any number of columns, with multipliers of their own, on the heap and off it. */
    @Test
    @DisplayName(Rules.WIDE_WEIGHTS + ", columns and multipliers")
    default void rule49WideWeightsOfColumnsAndMultipliers() {
        for (int columns : Sizes.NUMBERS) {
            Problem problem =
                    Problem.random(17 + columns % 9, 100 + columns, columns).withColumns(columns);
            check(problem);
            check(problem.withRandomMultipliers().withActivationScale(7));
        }
        for (int cols = 1; cols <= 200; cols++) {
            check(Problem.random(5, cols, cols).withColumns(1 + cols % 3).withRandomMultipliers());
        }
    }

    /** The largest sums of a group, of both signs, with the largest multipliers. */
    @Test
    @DisplayName(Rules.WIDE_WEIGHTS + ", extremes")
    default void rule49WideWeightsOfExtremes() {
        for (int code : List.of(127, -127, -128)) {
            for (int q : List.of(127, -127, -128)) {
                for (int cols : List.of(32, 63, 2560, 9000)) {
                    short[] largest = new short[Math.ceilDiv(cols, 32)];
                    Arrays.fill(largest, Short.MAX_VALUE);
                    Problem problem = Problem.random(18, cols, 49)
                            .withColumns(2)
                            .withWideCodes("all codes " + code, (seed, row, col) -> code)
                            .withQ("all q " + q, col -> q);
                    check(problem);
                    check(problem.withMultipliers(largest));
                    check(problem.withWideScales("scales 1", (seed, row, group) -> 1)
                            .withMultipliers(largest));
                }
            }
        }
        // Only single values are -128: a tail, a lane or a pair may treat them differently.
        for (int place = 0; place < 70; place++) {
            int at = place;
            Problem problem = Problem.random(17, 70, 49)
                    .withColumns(2)
                    .withWideCodes("one pair of -128", (seed, row, col) -> col / 2 == at / 2 ? -128 : row - col)
                    .withQ("one pair of -128", col -> col / 2 == at / 2 ? -128 : 3);
            check(problem);
        }
    }

    /**
     * All groups have the same sum. Two of them have huge scales of opposite signs, so what remains was rounded in the
     * order of the groups, in f64.
     */
    @Test
    @DisplayName(Rules.WIDE_WEIGHTS + ", order of the groups")
    default void rule49WideWeightsInTheOrderOfTheGroups() {
        for (int count = 2; count <= 40; count++) {
            int groups = count;
            short[] largest = new short[groups];
            Arrays.fill(largest, Short.MAX_VALUE);
            Problem problem = Problem.random(20, groups * 32, groups)
                    .withColumns(1 + groups % 4)
                    .withWideCodes("equal groups", (seed, row, col) -> 100 - row + col % 32)
                    .withQ("equal groups", col -> 127 - col % 32)
                    .withMultipliers(largest);
            check(problem.withWideScales("huge scales cancel", (seed, row, group) -> {
                int first = row % groups;
                int second = (row * 7 + 1 + first) % groups;
                if (group == first || group == second) {
                    return group == first ? 65504 : -65504;
                }
                return Math.scalb(1f + (group * 7 + row) % 13, -24);
            }));
        }
    }

    /** Every kind of f16: subnormal, largest, infinite, not a number, zeros of both signs. */
    @Test
    @DisplayName(Rules.WIDE_WEIGHTS + ", every kind of f16")
    default void rule49WideWeightsOfEveryKindOfF16() {
        for (float kind : List.of(
                0x1p-24f,
                -0x1.8p-23f,
                65504f,
                -65504f,
                Float.POSITIVE_INFINITY,
                Float.NEGATIVE_INFINITY,
                Float.NaN,
                -0f,
                0f,
                0x1.ff8p-15f,
                0x1p-14f)) {
            for (int group = 0; group < 5; group++) {
                int of = group;
                Problem problem = Problem.random(18, 5 * 32 - 9, 49).withColumns(2);
                check(problem.withWideScales(
                        "one scale " + kind, (seed, row, g) -> g == of && row % 5 == 2 ? kind : 1 + row));
                check(problem.withQ("q = 0", col -> 0).withWideScales("all " + kind, (seed, row, g) -> kind));
            }
        }
    }

    /** Codes at any byte, scales at any 2-byte boundary, amid hostile bytes, and next to pages that cannot be read. */
    @Test
    @DisplayName(Rules.WIDE_WEIGHTS + ", in any memory")
    default void rule49WideWeightsInAnyMemory() {
        for (int cols : List.of(5, 32, 65, 190, 256)) {
            Problem problem = Problem.random(21, cols, 49).withColumns(3).withRandomMultipliers();
            Trial trial = kernel().trial(Rules.WIDE_WEIGHTS, problem);
            for (OperationUnderTest operation : List.of(GEMM_Q8, GEMM_Q8_I16)) {
                trial.checkSameInAnyMemory(operation, trial.run(operation).values());
            }
        }
    }

    private void check(Problem problem) {
        kernel().trial(Rules.WIDE_WEIGHTS, problem)
                .checkAt(List.of(Placement.OFF_HEAP, Placement.HEAP), GEMM_Q8, GEMM_Q8_I16);
    }
}
