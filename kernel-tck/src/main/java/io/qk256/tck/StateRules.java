package io.qk256.tck;

import io.qk256.spi.F32Vector;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Rules 28 and 31: kernels keep nothing of their own from call to call, nor share it between threads. */
interface StateRules extends RuleGroup {

    @Test
    @DisplayName(Rules.THREADS + ", one matrix split")
    default void rule28ThreadsOnOneMatrix() throws InterruptedException {
        int rowsEach = 16;
        int threads = 4;
        int rounds = 20;
        Problem problem = Problem.random(rowsEach * threads, 1030, 28).withRandomBlockScales();
        Trial trial = kernel().trial(Rules.THREADS, problem);
        for (Operation operation : Operation.values()) {
            F32Vector alone = trial.run(operation).values();
            try (Arena arena = Arena.ofShared()) {
                Operands operands = Operands.place(problem, Placement.OFF_HEAP, arena);
                F32Vector result = F32Vector.allocate(arena, alone.length());
                List<Runnable> parts = new ArrayList<>();
                for (int from = 0; from < problem.rows(); from += rowsEach) {
                    Trial part = trial.rows(from, from + rowsEach);
                    F32Vector target = operation.target(result, problem, from, from + rowsEach);
                    parts.add(() -> part.call(operation, operands, target));
                }
                for (int round = 0; round < rounds; round++) {
                    result.segment().fill((byte) 0);
                    together(parts);
                    trial.compareSame(operation, result, alone);
                }
            }
        }
    }

    @Test
    @DisplayName(Rules.THREADS + ", a matrix for each")
    default void rule28ThreadsOnManyMatrices() throws InterruptedException {
        int threads = 4;
        int rounds = 100;
        List<Runnable> tasks = new ArrayList<>();
        for (int thread = 0; thread < threads; thread++) {
            Placement placement = thread % 2 == 0 ? Placement.OFF_HEAP : Placement.HEAP;
            Problem problem = Problem.random(4 + thread, 300 + 211 * thread, thread);
            Trial trial = kernel().trial(Rules.THREADS, problem).at(placement);
            for (Operation operation : Operation.values()) {
                F32Vector alone = trial.run(operation).values();
                tasks.add(() -> {
                    for (int round = 0; round < rounds; round++) {
                        trial.checkSame(operation, alone);
                    }
                });
            }
        }
        together(tasks);
    }

    @Test
    @DisplayName(Rules.NOTHING_REMEMBERED + ", refilled vectors")
    default void rule31NothingRememberedOfRefilledVectors() {
        Problem first = Problem.whole(5, 300, 31);
        Problem second = first.withX("refilled", col -> first.q()[col] & 7)
                .withQ("refilled", col -> first.q()[col] ^ col)
                .withActivationScale(3);
        Trial trial = kernel().trial(Rules.NOTHING_REMEMBERED, second);
        try (Arena arena = Arena.ofConfined()) {
            Operands operands = Operands.place(first, Placement.OFF_HEAP, arena);
            F32Vector result = F32Vector.allocate(arena, first.rows());
            trial.call(Operation.F32, operands, result);
            trial.call(Operation.INT8, operands, result);
            operands.x().segment().copyFrom(MemorySegment.ofArray(second.x()));
            operands.q().segment().copyFrom(MemorySegment.ofArray(second.q()));
            operands.q().scale(second.activationScale());
            trial.call(Operation.F32, operands, result);
            trial.compare(Operation.F32, result, trial.expected(Operation.F32));
            trial.call(Operation.INT8, operands, result);
            trial.compare(Operation.INT8, result, trial.expected(Operation.INT8));
        }
    }

    @Test
    @DisplayName(Rules.NOTHING_REMEMBERED + ", refilled columns")
    default void rule31NothingRememberedOfRefilledColumns() {
        Problem first = Problem.random(5, 300, 31);
        Problem second = first.withQ("refilled", col -> first.q()[col] ^ col).withActivationScale(3);
        Trial trial = kernel().trial(Rules.NOTHING_REMEMBERED, second);
        try (Arena arena = Arena.ofConfined()) {
            Operands operands = Operands.place(first, Placement.OFF_HEAP, arena);
            F32Vector result = F32Vector.allocate(arena, Operation.BATCH.resultLength(first, 0, first.rows()));
            trial.call(Operation.BATCH, operands, result);
            for (int i = 0; i < second.columns(); i++) {
                Problem column = second.column(i);
                operands.columns().column(i).segment().copyFrom(MemorySegment.ofArray(column.q()));
                operands.columns().column(i).scale(column.activationScale());
            }
            trial.call(Operation.BATCH, operands, result);
            trial.compare(Operation.BATCH, result, trial.expected(Operation.BATCH));
        }
    }

    /** A scratch buffer that an earlier and wider call has filled with NaN must not shine through. */
    @Test
    @DisplayName(Rules.NOTHING_REMEMBERED + ", leftovers")
    default void rule31NothingRememberedOfLeftovers() {
        Problem extreme = Problem.random(5, 1030, 31)
                .withX("x = NaN", col -> Float.NaN)
                .withQ("q = 127", col -> 127)
                .withTensorScale(Float.NaN);
        Trial before = kernel().trial(Rules.NOTHING_REMEMBERED, extreme);
        for (int cols : Sizes.REMAINDERS) {
            for (Operation operation : Operation.values()) {
                before.run(operation);
                kernel().trial(Rules.NOTHING_REMEMBERED, Problem.whole(5, cols, cols))
                        .check(operation);
            }
        }
    }

    private static void together(List<Runnable> tasks) throws InterruptedException {
        try (ExecutorService threads = Executors.newFixedThreadPool(tasks.size())) {
            List<Callable<Object>> calls =
                    tasks.stream().map(Executors::callable).toList();
            for (Future<Object> done : threads.invokeAll(calls)) {
                if (done.state() == Future.State.FAILED) {
                    throw new AssertionError(done.exceptionNow().getMessage(), done.exceptionNow());
                }
            }
        }
    }
}
