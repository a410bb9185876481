package io.qk256.tck;

import static io.qk256.tck.OperationUnderTest.DEQUANTIZE;

import io.qk256.spi.F32Vector;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Rule 44, and the part of rule 25 that is tested during the call: memory that other threads use at the same time. */
interface NeighborRules extends RuleGroup {

    private static List<OperationUnderTest> products() {
        return Arrays.stream(OperationUnderTest.values())
                .filter(operation -> operation != DEQUANTIZE)
                .toList();
    }

    /** Another thread keeps changing the rows next to the range: a write-back must not undo any change. */
    @Test
    @DisplayName(Rules.OTHERS_ROWS + ", changed during the call")
    default void rule44RowsOfOthersChangedDuringTheCall() {
        for (Placement placement : List.of(Placement.HEAP, Placement.OFF_HEAP)) {
            for (OperationUnderTest operation : products()) {
                for (int from : List.of(1, 13)) {
                    changedDuringTheCall(placement, operation, from, from + 3);
                }
            }
        }
    }

    private void changedDuringTheCall(Placement placement, OperationUnderTest operation, int from, int to) {
        Problem problem = Problem.random(to + 5, 20_000, 44).withColumns(2);
        Trial trial = kernel().trial(Rules.OTHERS_ROWS, problem).at(placement).rows(from, to);
        try (Arena arena = Arena.ofShared()) {
            Operands operands = Operands.place(problem, placement, operation, arena);
            float[] zeros = new float[operation.resultLength(problem, from, to)];
            F32Vector result = F32Vector.of(
                    Buffer.of("result", zeros, 0, placement.result(), 0, arena).view());
            try (Companion owner = new OwnerOfRows(result, from - 1, to)) {
                trial.call(operation, operands, result, owner::during);
                owner.fault().ifPresent(loss -> trial.fail(operation, loss));
            }
        }
    }

    /** The rows next to the range are on read-only pages, so a single store to them is detected. */
    @Test
    @DisplayName(Rules.OTHERS_ROWS + ", on pages that cannot be written")
    default void rule44RowsOfOthersOnPagesThatCannotBeWritten() {
        kernel().kernel(); // If there is no kernel, the test is skipped.
        if (GuardPages.obstacle().isPresent()) {
            return;
        }
        int page = GuardPages.pageBytes() / Float.BYTES;
        for (int before : List.of(1, 3, 5, 7, 8, 13)) {
            Problem problem = Problem.whole(2 * page, 5, before).withColumns(2);
            for (int rows : List.of(1, 2, 3, 5, 7, 8, 13, 17, page)) {
                onProtectedPages(problem, before, before, before + rows);
                onProtectedPages(problem, before, before + page - rows, before + page);
            }
        }
    }

    /**
     * The result starts this many rows before a page; then that page contains the range in each column, and nothing
     * else.
     */
    private void onProtectedPages(Problem problem, int before, int from, int to) {
        int page = GuardPages.pageBytes();
        for (OperationUnderTest operation : products()) {
            Trial trial = kernel().trial(Rules.OTHERS_ROWS, problem).rows(from, to);
            int columns = operation.takesColumns() ? problem.columns() : 1;
            try (Arena arena = Arena.ofConfined()) {
                Operands operands = Operands.place(problem, Placement.OFF_HEAP, operation, arena);
                MemorySegment pages = GuardPages.allocate((2L * columns + 1) * page, arena);
                for (int i = 0; i <= columns; i++) {
                    GuardPages.lock(pages.asSlice(2L * i * page, page));
                }
                long start = page - (long) before * Float.BYTES;
                F32Vector result = F32Vector.of(pages.asSlice(start, (long) columns * problem.rows() * Float.BYTES));
                Expected[] expected = trial.expected(operation);
                trial.call(operation, operands, result);
                trial.compare(operation, result, expected);
            }
        }
    }

    /** Other threads also read the inputs: a value that is changed for a moment and then restored counts as changed. */
    @Test
    @DisplayName(Rules.INPUTS_UNCHANGED + ", during the call")
    default void rule25InputsUnchangedDuringTheCall() {
        Problem problem = Problem.random(3, 20_000, 25).withRandomBlockScales().withColumns(2);
        for (Placement placement : List.of(Placement.HEAP, Placement.OFF_HEAP)) {
            Trial trial = kernel().trial(Rules.INPUTS_UNCHANGED, problem).at(placement);
            for (OperationUnderTest operation : OperationUnderTest.values()) {
                try (Arena arena = Arena.ofShared()) {
                    Operands operands = Operands.place(problem, placement, operation, arena);
                    F32Vector result = F32Vector.allocate(arena, operation.resultLength(problem, 0, problem.rows()));
                    try (Companion reader = new ReaderOfInputs(operands)) {
                        trial.call(operation, operands, result, reader::during);
                        reader.fault().ifPresent(change -> trial.fail(operation, change));
                    }
                }
            }
        }
    }

    @Test
    @DisplayName(Rules.INPUTS_UNCHANGED + ", on pages that cannot be written")
    default void rule25InputsUnchangedOnPagesThatCannotBeWritten() {
        kernel().kernel(); // If there is no kernel, the test is skipped.
        if (GuardPages.obstacle().isPresent()) {
            return;
        }
        MemoryKind locked = MemoryKind.LOCKED_PAGES;
        for (int cols : Sizes.REMAINDERS) {
            Problem problem = Problem.random(5, cols, cols).withRandomBlockScales();
            Trial trial = kernel().trial(Rules.INPUTS_UNCHANGED, problem)
                    .at(Placement.in(locked, locked, locked, MemoryKind.OFF_HEAP));
            trial.run(DEQUANTIZE);
            products().forEach(trial::run);
        }
    }
}
