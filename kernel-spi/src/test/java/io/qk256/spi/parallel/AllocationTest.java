package io.qk256.spi.parallel;

import static org.assertj.core.api.Assertions.assertThat;

import io.qk256.spi.F32Vector;
import io.qk256.spi.I16Batch;
import io.qk256.spi.I8Batch;
import io.qk256.spi.I8Vector;
import io.qk256.spi.IndexList;
import io.qk256.spi.Kernel;
import io.qk256.spi.Operation;
import io.qk256.spi.Q8Matrix;
import io.qk256.spi.Qk256Matrix;
import java.lang.foreign.Arena;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What calls leave for the garbage collector, as the JVM counts it per thread. */
class AllocationTest {

    private static final int COLS = 8192;
    private static final int CALLS = 200;

    /** The JVM itself allocates occasionally, for example when it links a call site, so the best round counts. */
    private static final int ROUNDS = 20;

    private final Arena arena = Arena.ofAuto();
    private final ParallelProblem p = ParallelProblem.of(64, COLS, arena);
    private final F32Vector y = F32Vector.allocate(arena, 64);
    private final F32Vector columns = F32Vector.allocate(arena, 3 * 64);
    private final F32Vector values = F32Vector.allocate(arena, 64L * COLS);

    @ParameterizedTest
    @EnumSource
    void callsOnThreadsOfItsOwnAllocateNothing(Operation operation) {
        try (ParallelKernel kernel = ParallelKernel.withThreads(new Idle(), 3)) {
            long parts = operation == Operation.DEQUANTIZE ? 16 : 0;
            assertThat(bytesOfCalls(() -> run(operation, kernel))).isLessThanOrEqualTo(parts * CALLS * 256);
        }
    }

    @Test
    void otherWorkAllocatesNothing() {
        RowTask idle = (from, to) -> {};
        try (ParallelKernel kernel = ParallelKernel.withThreads(new Idle(), 3)) {
            assertThat(bytesOfCalls(() -> kernel.forRows(1000, 1, idle))).isZero();
        }
    }

    @Test
    void callsWithinCallsAllocateNothing() {
        RowTask idle = (from, to) -> {};
        try (ParallelKernel kernel = ParallelKernel.withThreads(new Idle(), 3)) {
            RowTask calling = (from, to) -> kernel.forRows(1000, 1, idle);
            assertThat(bytesOfCalls(() -> kernel.forRows(1000, 1, calling))).isZero();
        }
    }

    @Test
    void callsOnBorrowedThreadsAllocateLittle() {
        try (ExecutorService executor = Executors.newFixedThreadPool(2)) {
            ParallelKernel kernel = ParallelKernel.over(new Idle(), executor, 3);
            assertThat(bytesOfCalls(() -> run(Operation.GEMV_I8, kernel))).isBetween(1L, 1000L * CALLS);
        }
    }

    private void run(Operation operation, Kernel kernel) {
        switch (operation) {
            case DEQUANTIZE -> kernel.dequantize(p.w(), values);
            case GEMV_F32 -> kernel.gemv(p.w(), p.x(), y);
            case GEMV_I8 -> kernel.gemv(p.w(), p.q(), y);
            case GEMM_I8 -> kernel.gemm(p.w(), p.batch(), columns);
            case GEMM_Q8 -> kernel.gemm(p.wide(), p.batch(), columns);
            case GEMV_LISTED -> kernel.gemvListed(p.w(), p.q(), p.listed(), y);
            case GEMV_TRANSPOSED -> kernel.gemvTransposed(p.w(), p.q(), p.listed(), values);
        }
    }

    /** Counts all threads of the kernel, whichever takes the parts. */
    private static long bytesOfCalls(Runnable call) {
        long[] threads = Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread == Thread.currentThread()
                        || thread.getName().startsWith("qk256-")
                        || thread.getName().startsWith("pool-"))
                .mapToLong(Thread::threadId)
                .toArray();
        long least = Long.MAX_VALUE;
        for (int round = 0; round < ROUNDS; round++) {
            long before = AllocatedBytes.of(threads);
            for (int i = 0; i < CALLS; i++) {
                call.run();
            }
            least = Math.min(least, AllocatedBytes.of(threads) - before);
        }
        return least;
    }

    private static final class Idle extends Kernel {

        @Override
        protected void dequantizeRows(Qk256Matrix w, int fromRow, int toRow, F32Vector out) {}

        @Override
        protected void gemvF32Rows(Qk256Matrix w, F32Vector x, int fromRow, int toRow, F32Vector y) {}

        @Override
        protected void gemvI8Rows(Qk256Matrix w, I8Vector x, int fromRow, int toRow, F32Vector y) {}

        @Override
        protected void gemmI8Rows(Qk256Matrix w, I8Batch x, int fromRow, int toRow, F32Vector y) {}

        @Override
        protected void gemmQ8Rows(Q8Matrix w, I8Batch x, int fromRow, int toRow, F32Vector y) {}

        @Override
        protected void gemmQ8Rows(Q8Matrix w, I16Batch x, int fromRow, int toRow, F32Vector y) {}

        @Override
        protected void gemvListedRows(
                Qk256Matrix w, I8Vector x, IndexList listed, int fromRow, int toRow, F32Vector y) {}

        @Override
        protected void gemvTransposedCols(
                Qk256Matrix w, I8Vector x, IndexList listed, int fromCol, int toCol, F32Vector y) {}
    }
}
