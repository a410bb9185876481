package io.qk256.tck;

import static io.qk256.tck.OperationUnderTest.DEQUANTIZE;
import static io.qk256.tck.OperationUnderTest.GEMV_F32;

import io.qk256.spi.Codebook;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * Rule 45: 17-bit numbers are used without loss, at any width. An error bound cannot test this: for many columns it is
 * wider than the effect of rounding x to 16 bits. So x is 0 except in three places, and the sums are exact.
 */
interface DigitRules extends RuleGroup {

    private static List<Integer> widths() {
        return Stream.concat(Sizes.REMAINDERS.stream(), Stream.of(2049, 4096, 6912, 20_001))
                .toList();
    }

    @Test
    @DisplayName(Rules.EVERY_DIGIT + ", x")
    default void rule45EveryDigitOfX() {
        for (int cols : widths()) {
            Problem problem = Problem.threePlaces(5, cols, cols, Problem.DIGITS);
            kernel().trial(Rules.EVERY_DIGIT, problem).check(GEMV_F32);
            kernel().trial(Rules.EVERY_DIGIT, problem.with(Codebook.TERNARY))
                    .at(Placement.HEAP)
                    .check(GEMV_F32);
        }
        kernel().trial(Rules.EVERY_DIGIT, Problem.threePlaces(300, 513, 45, Problem.DIGITS))
                .check(GEMV_F32);
    }

    @Test
    @DisplayName(Rules.EVERY_DIGIT + ", scales")
    default void rule45EveryDigitOfScales() {
        for (int cols : widths()) {
            Problem ones = Problem.threePlaces(3, cols, cols, 1);
            float[] scales = new float[3 * ones.blocks()];
            for (int i = 0; i < scales.length; i++) {
                scales[i] = digits(i);
            }
            kernel().trial(Rules.EVERY_DIGIT, ones.withBlockScales(scales)).checkAll();
            kernel().trial(Rules.EVERY_DIGIT, ones.withTensorScale(digits(cols)))
                    .checkAll();
        }
    }

    @Test
    @DisplayName(Rules.EVERY_DIGIT + ", codebook")
    default void rule45EveryDigitOfTheCodebook() {
        Codebook codebook = new Codebook(digits(0), digits(1), digits(2), digits(3));
        for (int cols : widths()) {
            Trial trial = kernel().trial(
                            Rules.EVERY_DIGIT,
                            Problem.threePlaces(3, cols, cols, 1).with(codebook));
            trial.check(DEQUANTIZE);
            trial.check(GEMV_F32);
        }
    }

    /** Odd numbers of both signs, so that none of the 17 bits can be dropped. */
    private static float digits(int i) {
        int size = (1 << 16) + (i * 40_503 & 0xFFFE) + 1;
        return i % 2 == 0 ? size : -size;
    }
}
