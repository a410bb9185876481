package io.qk256.tck;

import static io.qk256.tck.OperationUnderTest.GEMM_I8;

import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Rule 42: more rows, columns and int8 columns than 15, 16 and 20 bits can count. */
interface LargeRules extends RuleGroup {

    private static List<Integer> sizes() {
        return List.of((1 << 15) + 5, (1 << 16) + 5, (1 << 20) + 5);
    }

    @Test
    @DisplayName(Rules.LARGE + ", rows")
    default void rule42LargeNumbersOfRows() {
        for (int rows : sizes()) {
            int cols = rows < 1 << 20 ? 3 : 1;
            Problem problem =
                    Problem.whole(rows, cols, 42).withBinaryBlockScales().withColumns(2);
            kernel().trial(Rules.LARGE, problem).checkAllInPlace();
        }
    }

    @Test
    @DisplayName(Rules.LARGE + ", ranges of rows")
    default void rule42LargeRangesOfRows() {
        for (int rows : List.of((1 << 15) + 5, (1 << 16) + 5)) {
            Problem problem = Problem.whole(rows, 3, 42).withBinaryBlockScales().withColumns(2);
            for (int from : List.of(rows - 9, rows - 3)) {
                kernel().trial(Rules.LARGE, problem).rows(from, rows - 1).checkAllInPlace();
            }
        }
    }

    /** Most of x is 0, so the f32 sum is exact and a single lost column shows at any width. */
    @Test
    @DisplayName(Rules.LARGE + ", columns")
    default void rule42LargeNumbersOfColumns() {
        for (int cols : sizes()) {
            Problem problem =
                    Problem.sparse(2, cols, 42).withBinaryBlockScales().withColumns(2);
            kernel().trial(Rules.LARGE, problem).checkAllInPlace();
        }
        // Past 2^21, too.
        kernel().trial(Rules.LARGE, Problem.sparse(1, (1 << 21) + 5, 42).withColumns(1))
                .checkAllInPlace();
    }

    /**
     * With 2^21 columns, a kernel that unpacks all of them to vectors of 1024 values needs more than an array can
     * hold.
     */
    @Test
    @DisplayName(Rules.LARGE + ", int8 columns")
    default void rule42LargeNumbersOfInt8Columns() {
        for (int columns : List.of((1 << 15) + 5, (1 << 16) + 5, (1 << 21) + 5)) {
            Problem problem = Problem.random(2, 1, 42).withColumns(columns);
            kernel().trial(Rules.LARGE, problem).check(GEMM_I8);
        }
    }

    /** No dimension is large, but the product of two is: offsets in the operands and in the result. */
    @Test
    @DisplayName(Rules.LARGE + ", products of sizes")
    default void rule42LargeProductsOfSizes() {
        kernel().trial(Rules.LARGE, Problem.random(1100, 1, 42).withColumns(1000))
                .check(GEMM_I8);
        kernel().trial(Rules.LARGE, Problem.random(1, 4100, 42).withColumns(300))
                .check(GEMM_I8);
        kernel().trial(Rules.LARGE, Problem.sparse(300, 4100, 42).withBinaryBlockScales())
                .checkAllInPlace();
    }
}
