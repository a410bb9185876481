package io.qk256.tck;

import io.qk256.spi.Codebook;
import io.qk256.spi.F32Vector;
import io.qk256.spi.IndexList;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Rules 28 and 31: kernels keep no state between calls, and share none between threads. */
interface StateRules extends RuleGroup {

    @Test
    @DisplayName(Rules.THREADS + ", one matrix split")
    default void rule28ThreadsOnOneMatrix() throws InterruptedException {
        Problem problem = Problem.random(4 * 16, 1030, 28).withRandomBlockScales();
        for (OperationUnderTest operation : OperationUnderTest.values()) {
            splitOverThreads(problem, operation, List.of(16, 16, 16, 16), 20);
        }
    }

    private void splitOverThreads(Problem problem, OperationUnderTest operation, List<Integer> sizes, int rounds)
            throws InterruptedException {
        Trial trial = kernel().trial(Rules.THREADS, problem);
        F32Vector alone = trial.run(operation).values();
        try (Arena arena = Arena.ofShared()) {
            Operands operands = Operands.place(problem, Placement.OFF_HEAP, operation, arena);
            F32Vector result = F32Vector.allocate(arena, alone.length());
            List<Runnable> parts = new ArrayList<>();
            int from = 0;
            for (int size : sizes) {
                int to = from + size;
                Trial part = trial.rows(from, to);
                F32Vector target = operation.target(result, problem, from, to);
                parts.add(() -> part.call(operation, operands, target));
                from = to;
            }
            for (int round = 0; round < rounds; round++) {
                result.segment().fill((byte) 0);
                together(parts);
                trial.compareSame(operation, result, alone);
            }
        }
    }

    /** Parts of odd sizes, whose rows share a result vector with those of other threads. */
    @Test
    @DisplayName(Rules.THREADS + ", one matrix split unevenly")
    default void rule28ThreadsOnOneMatrixSplitUnevenly() throws InterruptedException {
        List<Integer> sizes = List.of(1, 3, 5, 7, 13, 1, 2, 9);
        Problem problem = Problem.random(sizes.stream().mapToInt(size -> size).sum(), 37, 28)
                .withColumns(9);
        for (OperationUnderTest operation : OperationUnderTest.values()) {
            splitOverThreads(problem, operation, sizes, 50);
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
            for (OperationUnderTest operation : OperationUnderTest.values()) {
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
            trial.call(OperationUnderTest.GEMV_F32, operands, result);
            trial.call(OperationUnderTest.GEMV_I8, operands, result);
            trial.call(OperationUnderTest.GEMV_TRANSPOSED, operands, result);
            operands.x().segment().copyFrom(MemorySegment.ofArray(second.x()));
            operands.q().segment().copyFrom(MemorySegment.ofArray(second.q()));
            operands.q().scale(second.activationScale());
            trial.call(OperationUnderTest.GEMV_F32, operands, result);
            trial.compare(OperationUnderTest.GEMV_F32, result, trial.expected(OperationUnderTest.GEMV_F32));
            trial.call(OperationUnderTest.GEMV_I8, operands, result);
            trial.compare(OperationUnderTest.GEMV_I8, result, trial.expected(OperationUnderTest.GEMV_I8));
            trial.call(OperationUnderTest.GEMV_TRANSPOSED, operands, result);
            trial.compare(
                    OperationUnderTest.GEMV_TRANSPOSED, result, trial.expected(OperationUnderTest.GEMV_TRANSPOSED));
        }
    }

    @Test
    @DisplayName(Rules.NOTHING_REMEMBERED + ", refilled lists")
    default void rule31NothingRememberedOfRefilledLists() {
        Problem first = Problem.random(40, 50, 31).withListed("even", row -> row % 2 == 0);
        Problem second = first.withListed("odd", row -> row % 2 == 1);
        Trial trial = kernel().trial(Rules.NOTHING_REMEMBERED, second);
        try (Arena arena = Arena.ofConfined()) {
            Operands operands = Operands.place(first, Placement.OFF_HEAP, arena);
            F32Vector result = F32Vector.allocate(arena, first.rows());
            trial.call(OperationUnderTest.GEMV_LISTED, operands, result);
            trial.call(OperationUnderTest.GEMV_TRANSPOSED, operands, result);
            for (IndexList list : List.of(operands.listedRows(), operands.listedCols())) {
                list.clear();
                for (int row = 1; row < list.capacity(); row += 2) {
                    list.add(row);
                }
            }
            for (OperationUnderTest operation :
                    List.of(OperationUnderTest.GEMV_LISTED, OperationUnderTest.GEMV_TRANSPOSED)) {
                result.segment().fill((byte) 0);
                trial.call(operation, operands, result);
                trial.compare(operation, result, trial.expected(operation));
            }
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
            F32Vector result =
                    F32Vector.allocate(arena, OperationUnderTest.GEMM_I8.resultLength(first, 0, first.rows()));
            trial.call(OperationUnderTest.GEMM_I8, operands, result);
            trial.call(OperationUnderTest.GEMM_Q8, operands, result);
            trial.call(OperationUnderTest.GEMM_Q8_I16, operands, result);
            for (int i = 0; i < second.columns(); i++) {
                Problem column = second.column(i);
                for (int col = 0; col < second.cols(); col++) {
                    long at = i * operands.shortColumns().length() + col;
                    operands.shortColumns()
                            .segment()
                            .setAtIndex(ValueLayout.JAVA_SHORT_UNALIGNED, at, column.shortOf(col));
                }
                operands.shortColumns().scale(i, column.activationScale());
                operands.columns().column(i).segment().copyFrom(MemorySegment.ofArray(column.q()));
                operands.columns().column(i).scale(column.activationScale());
            }
            trial.call(OperationUnderTest.GEMM_I8, operands, result);
            trial.compare(OperationUnderTest.GEMM_I8, result, trial.expected(OperationUnderTest.GEMM_I8));
            trial.call(OperationUnderTest.GEMM_Q8, operands, result);
            trial.compare(OperationUnderTest.GEMM_Q8, result, trial.expected(OperationUnderTest.GEMM_Q8));
            trial.call(OperationUnderTest.GEMM_Q8_I16, operands, result);
            trial.compare(OperationUnderTest.GEMM_Q8_I16, result, trial.expected(OperationUnderTest.GEMM_Q8_I16));
        }
    }

    /** A scratch buffer that an earlier, wider call has filled with NaN must not affect the result. */
    @Test
    @DisplayName(Rules.NOTHING_REMEMBERED + ", leftovers")
    default void rule31NothingRememberedOfLeftovers() {
        Problem extreme = Problem.random(5, 1030, 31)
                .withX("x = NaN", col -> Float.NaN)
                .withQ("q = 127", col -> 127)
                .withTensorScale(Float.NaN);
        Trial before = kernel().trial(Rules.NOTHING_REMEMBERED, extreme);
        for (int cols : Sizes.REMAINDERS) {
            for (OperationUnderTest operation : OperationUnderTest.values()) {
                before.run(operation);
                kernel().trial(Rules.NOTHING_REMEMBERED, Problem.whole(5, cols, cols))
                        .check(operation);
            }
        }
    }

    /**
     * Refilled weights, as when another model is loaded into the same memory: with the same views, and with new
     * ones.
     */
    @Test
    @DisplayName(Rules.NOTHING_REMEMBERED + ", refilled weights")
    default void rule31NothingRememberedOfRefilledWeights() {
        Problem first = Problem.whole(5, 300, 31).withBinaryBlockScales();
        Problem second = first.withCodes("refilled", (row, col) -> first.code(row, col) ^ ((row + col) & 3))
                .withBlockScales(3, -1, 4, 1, -5, 9, 2, -6, 5, 3);
        Trial trial = kernel().trial(Rules.NOTHING_REMEMBERED, second);
        for (OperationUnderTest operation : OperationUnderTest.values()) {
            Expected[] expected = trial.expected(operation);
            try (Arena arena = Arena.ofConfined()) {
                Operands operands = Operands.place(first, Placement.OFF_HEAP, arena);
                Operands other = Operands.place(second, Placement.OFF_HEAP, arena);
                F32Vector result = F32Vector.allocate(arena, expected.length);
                trial.call(operation, operands, result);
                operands.w().codes().copyFrom(other.w().codes());
                operands.transposed()
                        .ifPresent(w -> w.codes()
                                .copyFrom(other.transposed().orElseThrow().codes()));
                operands.w()
                        .groupScales()
                        .orElseThrow()
                        .copyFrom(other.w().groupScales().orElseThrow());
                trial.call(operation, operands, result);
                trial.compare(operation, result, expected);
                trial.call(operation, operands.with(second), result);
                trial.compare(operation, result, expected);
            }
        }
    }

    /** Another shape, codebook and scale over the same memory. */
    @Test
    @DisplayName(Rules.NOTHING_REMEMBERED + ", other views of the same memory")
    default void rule31NothingRememberedOfOtherViews() {
        Problem first = Problem.whole(6, 256, 31);
        List<Problem> others = List.of(
                first.with(Codebook.TERNARY),
                first.withTensorScale(0.5f),
                first.withActivationScale(4),
                first.with(new Codebook(-3, 5, 0, 7)).withTensorScale(2));
        try (Arena arena = Arena.ofConfined()) {
            Operands operands = Operands.place(first, Placement.OFF_HEAP, arena);
            for (OperationUnderTest operation : OperationUnderTest.values()) {
                F32Vector result = F32Vector.allocate(arena, operation.resultLength(first, 0, first.rows()));
                for (Problem other : others) {
                    Trial trial = kernel().trial(Rules.NOTHING_REMEMBERED, other);
                    Expected[] expected = trial.expected(operation);
                    kernel().trial(Rules.NOTHING_REMEMBERED, first).call(operation, operands, result);
                    trial.call(operation, operands.with(other), result);
                    trial.compare(operation, result, expected);
                }
            }
        }
    }

    /** A new kernel that switches to another code path after many calls must return the same bits there. */
    @Test
    @DisplayName(Rules.NOTHING_REMEMBERED + ", many calls")
    default void rule31NothingRememberedOfManyCalls() {
        Problem problem = Problem.random(3, 100, 31).withRandomBlockScales().withColumns(2);
        try (Arena arena = Arena.ofConfined()) {
            Operands operands = Operands.place(problem, Placement.OFF_HEAP, arena);
            for (OperationUnderTest operation : OperationUnderTest.values()) {
                Trial trial = kernel().reopened().trial(Rules.NOTHING_REMEMBERED, problem);
                F32Vector first = F32Vector.allocate(arena, operation.resultLength(problem, 0, problem.rows()));
                F32Vector next = F32Vector.allocate(arena, first.length());
                trial.call(operation, operands, first);
                for (int call = 0; call < 3000; call++) {
                    trial.call(operation, operands, next);
                }
                trial.compareSame(operation, next, first);
            }
        }
    }

    /** A provider may be opened again; its kernels share nothing. */
    @Test
    @DisplayName(Rules.NOTHING_REMEMBERED + ", of another kernel")
    default void rule31NothingRememberedOfAnotherKernel() throws InterruptedException {
        Problem problem = Problem.random(5, 1030, 31).withRandomBlockScales();
        List<Runnable> tasks = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            Trial trial = kernel().reopened().trial(Rules.NOTHING_REMEMBERED, problem);
            Trial before = kernel().trial(Rules.NOTHING_REMEMBERED, problem);
            for (OperationUnderTest operation : OperationUnderTest.values()) {
                F32Vector alone = before.run(operation).values();
                tasks.add(() -> {
                    for (int round = 0; round < 20; round++) {
                        trial.checkSame(operation, alone);
                        before.checkSame(operation, alone);
                    }
                });
            }
        }
        together(tasks);
    }

    /** Virtual threads, interrupted threads, and threads with a small stack also call kernels. */
    @Test
    @DisplayName(Rules.THREADS + ", of any kind")
    default void rule28ThreadsOfAnyKind() throws InterruptedException {
        kernel().kernel(); // If there is no kernel, this thread must say so.
        List<Problem> problems = List.of(
                Problem.whole(5, 300, 28).withBinaryBlockScales(),
                Problem.sparse(1, 1 << 18, 28).withColumns(1));
        for (Problem problem : problems) {
            Trial trial = kernel().trial(Rules.THREADS, problem);
            inAThread(Thread.ofVirtual().unstarted(trial::checkAll));
            inAThread(new Thread(null, trial::checkAll, "small stack", 256 << 10));
            inAThread(new Thread(() -> {
                for (OperationUnderTest operation : OperationUnderTest.values()) {
                    Thread.currentThread().interrupt();
                    trial.check(operation);
                    if (!Thread.interrupted()) {
                        trial.fail(operation, "seen the thread's interrupt cleared, expected as before the call");
                    }
                }
            }));
        }
    }

    private static void inAThread(Thread thread) throws InterruptedException {
        AtomicReference<Throwable> failure = new AtomicReference<>();
        thread.setUncaughtExceptionHandler((failed, thrown) -> failure.set(thrown));
        thread.start();
        thread.join();
        if (failure.get() != null) {
            throw new AssertionError(failure.get().getMessage(), failure.get());
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
