package io.qk256.tck;

import static io.qk256.tck.OperationUnderTest.GEMV_I8;
import static io.qk256.tck.OperationUnderTest.GEMV_LISTED;
import static io.qk256.tck.OperationUnderTest.GEMV_TRANSPOSED;

import io.qk256.spi.Codebook;
import io.qk256.spi.ScaleType;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Rules 50 and 51: listed rows, and the transposed matrix. The other rules test both as well. */
interface ListRules extends RuleGroup {

    /** Every list of up to nine rows: runs of any length, with gaps of any length before, between and after them. */
    @Test
    @DisplayName(Rules.LISTED_ROWS + ", every list")
    default void rule50ListedRowsInEveryList() {
        for (int rows : List.of(1, 2, 3, 4, 5, 9)) {
            for (int list = 0; list < 1 << rows; list++) {
                int bits = list;
                Problem problem = Problem.random(rows, 70 + list % 7, list)
                        .withListed("list " + Integer.toBinaryString(bits), row -> (bits >> row & 1) == 1);
                check(Rules.LISTED_ROWS, problem, GEMV_LISTED);
            }
        }
    }

    @Test
    @DisplayName(Rules.LISTED_ROWS + ", every size")
    default void rule50ListedRowsOfEverySize() {
        for (int cols = 1; cols <= 530; cols++) {
            check(Rules.LISTED_ROWS, Problem.random(7, cols, cols), GEMV_LISTED);
        }
        for (int cols : List.of(2560, 6912, 8191, 8192, 8193, 8224, 12_289, 33_000)) {
            check(Rules.LISTED_ROWS, Problem.random(11, cols, cols), GEMV_LISTED);
        }
        for (int rows : List.of(16, 33, 255, 256, 257, 511, 600, 1025)) {
            for (int every : List.of(1, 2, 3, 5, 64, rows)) {
                Problem problem = Problem.random(rows, 300, rows)
                        .withListed("every " + every + "th", row -> row % every == every - 1);
                check(Rules.LISTED_ROWS, problem, GEMV_LISTED);
            }
        }
    }

    /** Ranges that start and end at, before and after listed rows. */
    @Test
    @DisplayName(Rules.LISTED_ROWS + ", every range")
    default void rule50ListedRowsInEveryRange() {
        int rows = 37;
        for (int seed = 0; seed < 4; seed++) {
            kernel().trial(Rules.LISTED_ROWS, Problem.random(rows, 70, seed)).checkEveryRange(GEMV_LISTED);
        }
    }

    /** The same bits as without a list, for matrices and activations of every kind. */
    @Test
    @DisplayName(Rules.LISTED_ROWS + ", scales and multipliers")
    default void rule50ListedRowsWithScalesAndMultipliers() {
        for (int seed = 0; seed < 24; seed++) {
            Problem problem = Problem.random(23, 700 + seed, seed)
                    .withTensorScale(0.3f)
                    .withActivationScale(7)
                    .with(seed % 2 == 0 ? Codebook.TERNARY : new Codebook(5, -64, 63, 0));
            check(Rules.LISTED_ROWS, problem, GEMV_LISTED);
            check(Rules.LISTED_ROWS, problem.withRandomMultipliers(), GEMV_LISTED);
            for (int group : List.of(64, 128, 256)) {
                Problem grouped = problem.withBinaryGroupScales(group, ScaleType.F16);
                check(Rules.LISTED_ROWS, grouped, GEMV_LISTED);
                check(Rules.LISTED_ROWS, grouped.withRandomMultipliers(), GEMV_LISTED);
            }
        }
    }

    @Test
    @DisplayName(Rules.LISTED_ROWS + ", in any memory")
    default void rule50ListedRowsInAnyMemory() {
        anyMemory(Rules.LISTED_ROWS, GEMV_LISTED);
    }

    /** Results in every remainder of vectors and blocks, sums of every small number of rows. */
    @Test
    @DisplayName(Rules.TRANSPOSED + ", every size")
    default void rule51TransposedMatrixOfEverySize() {
        for (int cols = 1; cols <= 530; cols++) {
            check(Rules.TRANSPOSED, Problem.random(cols, 1 + cols % 9, cols), GEMV_TRANSPOSED);
        }
        for (int listed = 0; listed <= 70; listed++) {
            int rows = listed;
            Problem problem = Problem.random(300, 200, listed)
                    .withListed(listed + " rows", row -> row % 2 == 1 && row / 2 < rows);
            check(Rules.TRANSPOSED, problem, GEMV_TRANSPOSED);
        }
        for (int cols : List.of(1023, 1024, 1025, 2560, 4100, 8191, 8192, 8193, 12_289, 33_000)) {
            check(Rules.TRANSPOSED, Problem.random(cols, 37, cols), GEMV_TRANSPOSED);
        }
    }

    /** Every list of nine rows; what is not listed has values that would change the result. */
    @Test
    @DisplayName(Rules.TRANSPOSED + ", every list")
    default void rule51TransposedMatrixWithEveryList() {
        for (int list = 0; list < 1 << 9; list++) {
            int bits = list;
            Problem problem = Problem.random(5 + list % 70, 9, list)
                    .withQ("no zeros", row -> 100 - 25 * row)
                    .withListed("list " + Integer.toBinaryString(bits), row -> (bits >> row & 1) == 1);
            check(Rules.TRANSPOSED, problem, GEMV_TRANSPOSED);
            check(Rules.TRANSPOSED, problem.withQ("zeros that are listed", row -> row % 2 * 99), GEMV_TRANSPOSED);
        }
    }

    @Test
    @DisplayName(Rules.TRANSPOSED + ", every range")
    default void rule51TransposedMatrixInEveryRange() {
        kernel().trial(Rules.TRANSPOSED, Problem.random(41, 30, 2)).checkEveryRange(GEMV_TRANSPOSED);
        Problem wide = Problem.random(1100, 30, 6);
        Trial trial = kernel().trial(Rules.TRANSPOSED, wide)
                .at(Placement.OFF_HEAP.withFill(-12345).amidHostileMemory());
        for (int from : List.of(0, 1, 127, 128, 129, 255, 256, 257, 500, 512, 513, 1024, 1099)) {
            for (int to : List.of(1, 127, 128, 129, 255, 256, 257, 258, 511, 512, 600, 768, 1023, 1025, 1100)) {
                if (from < to) {
                    trial.rows(from, to).checkEverything(GEMV_TRANSPOSED);
                }
            }
        }
    }

    /** The largest sums: of pairs and fours of rows, of hundreds, past 2^24, and as large as int32 allows. */
    @Test
    @DisplayName(Rules.TRANSPOSED + ", extremes")
    default void rule51TransposedMatrixOfExtremes() {
        for (Codebook codebook : List.of(
                new Codebook(-64, 63, 0, 1), new Codebook(63, -64, 62, -63), Codebook.QK256, Codebook.TERNARY)) {
            for (int q : List.of(127, -127, -128)) {
                for (int listed : List.of(1, 2, 3, 4, 5, 17, 43, 64, 87, 200, 1000, 5000)) {
                    Problem problem = Problem.random(261, listed, listed)
                            .with(codebook)
                            .withListed("all rows", row -> true)
                            .withQ("all q " + q, row -> q);
                    check(Rules.TRANSPOSED, problem, GEMV_TRANSPOSED);
                    check(Rules.TRANSPOSED, problem.withCode(listed % 2), GEMV_TRANSPOSED);
                }
            }
        }
        int most = Integer.MAX_VALUE / 128 / 64;
        for (int code = 0; code < 2; code++) {
            Problem largest = Problem.random(3, most, 51)
                    .with(new Codebook(-64, 63, 0, 1))
                    .withListed("all rows", row -> true)
                    .withQ("all q -128", row -> -128)
                    .withCode(code);
            kernel().trial(Rules.TRANSPOSED, largest).check(GEMV_TRANSPOSED);
        }
        // Only one value is -128: a tail, a lane or a pair may treat it differently.
        for (int place = 0; place < 40; place++) {
            int at = place;
            check(
                    Rules.TRANSPOSED,
                    Problem.random(70, 40, 51)
                            .withListed("all rows", row -> true)
                            .withQ("one -128", row -> row == at ? -128 : row - 3),
                    GEMV_TRANSPOSED);
        }
    }

    /** Every codebook that is defined, and scales in the order of the contract. */
    @Test
    @DisplayName(Rules.TRANSPOSED + ", codebooks and scales")
    default void rule51TransposedMatrixWithCodebooksAndScales() {
        for (Codebook codebook : Codebooks.INTEGERS) {
            for (int seed = 0; seed < 4; seed++) {
                Problem problem = Problem.random(270, 45, seed).with(codebook);
                check(Rules.TRANSPOSED, problem, GEMV_TRANSPOSED);
                check(Rules.TRANSPOSED, problem.withTensorScale(0.1f).withActivationScale(3), GEMV_TRANSPOSED);
                check(
                        Rules.TRANSPOSED,
                        problem.withTensorScale(Float.NaN).withActivationScale(1e-30f),
                        GEMV_TRANSPOSED);
            }
        }
    }

    @Test
    @DisplayName(Rules.TRANSPOSED + ", in any memory")
    default void rule51TransposedMatrixInAnyMemory() {
        anyMemory(Rules.TRANSPOSED, GEMV_TRANSPOSED);
    }

    /** A matrix stored by columns, without those that meet a 0, gives the bits of the matrix itself. */
    @Test
    @DisplayName(Rules.TRANSPOSED + ", as the matrix itself")
    default void rule51TransposedMatrixAsTheMatrixItself() {
        for (int seed = 0; seed < 20; seed++) {
            Problem random = Problem.random(250 + seed, 300 + 50 * seed, seed);
            Problem sparse = random.withQ("most are 0", col -> random.q()[col] % 8 == 0 ? random.q()[col] : 0)
                    .withTensorScale(0.7f)
                    .withActivationScale(11);
            Problem problem = sparse.withListed("what is not 0", col -> sparse.q()[col] != 0);
            Trial trial = kernel().trial(Rules.TRANSPOSED, problem);
            trial.checkSame(GEMV_TRANSPOSED, trial.run(GEMV_I8).values());
        }
    }

    private void anyMemory(String rule, OperationUnderTest operation) {
        for (int cols : List.of(1, 3, 64, 190, 257)) {
            Problem problem = Problem.random(261, cols, cols);
            Trial trial = kernel().trial(rule, problem);
            trial.checkSameInAnyMemory(operation, trial.run(operation).values());
        }
    }

    /** What is not computed keeps its value, which is unlike any result. */
    private void check(String rule, Problem problem, OperationUnderTest operation) {
        List<Placement> homes = List.of(Placement.OFF_HEAP.withFill(-12345), Placement.HEAP.withFill(-12345));
        kernel().trial(rule, problem).at(homes.getFirst()).checkAt(homes, operation);
    }
}
