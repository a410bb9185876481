package io.qk256.tck;

import static io.qk256.tck.OperationUnderTest.GEMM_I8;
import static io.qk256.tck.OperationUnderTest.GEMV_I8;

import io.qk256.spi.Codebook;
import io.qk256.spi.F32Vector;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Rules 33 and 34: int8 GEMM. Rules 13 to 32 also test it, with three columns. */
interface BatchRules extends RuleGroup {

    private static List<Integer> columns() {
        return List.of(1, 2, 3, 4, 5, 16, 17);
    }

    private static List<Placement> homes() {
        return List.of(Placement.OFF_HEAP, Placement.HEAP);
    }

    @Test
    @DisplayName(Rules.BATCH + ", columns and sizes")
    default void rule33BatchOfEverySize() {
        for (int columns : columns()) {
            for (int cols : Sizes.REMAINDERS) {
                Problem problem = Problem.random(5, cols, columns).withColumns(columns);
                Problem scaled = problem.withRandomBlockScales().withTensorScale(0.3f);
                everyCodebook(problem);
                everyCodebook(scaled);
            }
        }
    }

    private void everyCodebook(Problem problem) {
        for (Codebook codebook : List.of(Codebook.TERNARY, Codebook.QK256, new Codebook(-64, -1, 1, 63))) {
            kernel().trial(Rules.BATCH, problem.with(codebook)).checkAt(homes(), GEMM_I8);
        }
    }

    /** Any number of columns with any number of rows; enough columns to overflow counters of 5 to 8 bits. */
    @Test
    @DisplayName(Rules.BATCH + ", columns and rows")
    default void rule33BatchOfAnyColumnsAndRows() {
        for (int columns : Sizes.NUMBERS) {
            for (int rows = 1; rows <= 9; rows++) {
                for (int cols : List.of(37, 256)) {
                    Problem problem = Problem.random(rows, cols, rows).withColumns(columns);
                    boolean scaled = (rows + columns) % 2 == 0;
                    kernel().trial(Rules.BATCH, scaled ? problem.withRandomBlockScales() : problem)
                            .at(rows % 2 == 0 ? Placement.OFF_HEAP : Placement.HEAP)
                            .checkEverything(GEMM_I8);
                }
            }
        }
        for (int columns : List.of(95, 127, 128, 129, 255, 256, 257, 300)) {
            Problem problem = Problem.random(5, 70, columns).withColumns(columns);
            kernel().trial(Rules.BATCH, problem).checkAt(homes(), GEMM_I8);
            kernel().trial(Rules.BATCH, problem.withRandomBlockScales()).checkAt(homes(), GEMM_I8);
        }
    }

    /** Odd sums past 2^24, which f32 cannot represent, with scales that do not hide the difference. */
    @Test
    @DisplayName(Rules.BATCH + ", large sums")
    default void rule33BatchOfLargeSums() {
        Codebook codebook = new Codebook(61, 62, 62, 63);
        for (int columns : Sizes.NUMBERS) {
            int cols = 4097 + columns % 2;
            Problem problem = Problem.random(5, cols, columns)
                    .with(codebook)
                    .withQ("q from 64 to 127", col -> 64 + (col * 37 + columns) % 64)
                    .withColumns(columns);
            kernel().trial(Rules.BATCH, problem).check(GEMM_I8);
            float[] scales = new float[5 * problem.blocks()];
            Arrays.fill(scales, 1);
            kernel().trial(Rules.BATCH, problem.withBlockScales(scales)).check(GEMM_I8);
        }
    }

    /** Wide rows, which kernels may process in pieces, and many columns. */
    @Test
    @DisplayName(Rules.BATCH + ", large")
    default void rule33BatchOfLargeMatrices() {
        for (int columns : columns()) {
            for (int cols : List.of(2560, 6912, 8640)) {
                Problem problem = Problem.random(5, cols, columns).withColumns(columns);
                kernel().trial(Rules.BATCH, problem).check(GEMM_I8);
                kernel().trial(Rules.BATCH, problem.withRandomBlockScales()).check(GEMM_I8);
            }
            Problem rows = Problem.random(300, 257, columns).withColumns(columns);
            kernel().trial(Rules.BATCH, rows).check(GEMM_I8);
        }
    }

    /** Every range of rows, in memory that is dirty, misaligned and surrounded by hostile bytes. */
    @Test
    @DisplayName(Rules.BATCH + ", row ranges")
    default void rule33BatchOfRowRanges() {
        for (int columns : columns()) {
            Problem problem = Problem.random(9, 300, columns).withColumns(columns);
            for (Placement home : homes()) {
                Placement dirty = home.withFill(-12345)
                        .amidHostileMemory()
                        .withPadding(4)
                        .withOffsets(3, 1)
                        .withRowGap(5);
                for (int from = 0; from < problem.rows(); from++) {
                    for (int to = from + 1; to <= problem.rows(); to++) {
                        Trial all = kernel().trial(Rules.BATCH, problem).at(dirty);
                        all.rows(from, to).checkEverything(GEMM_I8);
                    }
                }
            }
        }
    }

    @Test
    @DisplayName(Rules.BATCH_BY_COLUMN)
    default void rule34BatchColumnByColumn() {
        for (int columns : columns()) {
            for (int cols : Sizes.REMAINDERS) {
                Problem problem =
                        Problem.random(5, cols, 34).withColumns(columns).withRandomBlockScales();
                for (Placement placement : homes()) {
                    columnByColumn(problem, placement);
                }
            }
        }
    }

    private void columnByColumn(Problem problem, Placement placement) {
        int rows = problem.rows();
        float[] alone = new float[problem.columns() * rows];
        for (int i = 0; i < problem.columns(); i++) {
            Trial column = kernel().trial(Rules.BATCH_BY_COLUMN, problem.column(i));
            float[] product = column.at(placement).run(GEMV_I8).values().toArray();
            System.arraycopy(product, 0, alone, i * rows, rows);
        }
        Trial batch = kernel().trial(Rules.BATCH_BY_COLUMN, problem).at(placement);
        batch.checkSame(GEMM_I8, F32Vector.of(alone));
        Trial fewer =
                kernel().trial(Rules.BATCH_BY_COLUMN, problem.withColumns(1)).at(placement);
        fewer.checkSame(GEMM_I8, F32Vector.of(Arrays.copyOf(alone, rows)));
    }
}
