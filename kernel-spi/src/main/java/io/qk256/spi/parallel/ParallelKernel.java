package io.qk256.spi.parallel;

import io.qk256.spi.F32Vector;
import io.qk256.spi.I16Batch;
import io.qk256.spi.I8Batch;
import io.qk256.spi.I8Vector;
import io.qk256.spi.IndexList;
import io.qk256.spi.Kernel;
import io.qk256.spi.Operation;
import io.qk256.spi.Q8Matrix;
import io.qk256.spi.Qk256Matrix;
import java.util.Objects;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Splits the rows of a kernel's work over several threads, including the calling one. The results are bit-identical to
 * those of the kernel itself for any number of threads, because a kernel's results do not depend on how rows are split
 * into ranges.
 *
 * <pre>{@code
 * try (ParallelKernel kernel = ParallelKernel.withThreads(selection.kernel(), 8)) {
 *     kernel.gemv(weights, x, y);
 * }
 * }</pre>
 *
 * <p>A matrix is split at multiples of 4 rows (of 16, if it is of 8 bits; of 256 columns, if it is transposed) into more
 * parts than there are threads. Each thread takes one part
 * after the other, so a thread that starts late takes fewer. A small matrix is done by the calling thread alone. A
 * matrix that is split needs memory that all threads may use: from a shared, automatic or global arena, or on the heap;
 * confined memory causes a {@link WrongThreadException}. All threads write to the same result at the same time, each
 * its own rows, wherever the result is stored. So a kernel must write no other row, not even with the value that it
 * already has; a kernel that works on a copy of a heap result must write back only its rows.
 *
 * <p>If the kernel throws in some part, the call ends with that exception once no thread works on it any
 * more; the result is then undefined. An interrupt does not end a call and stays pending.
 *
 * <p>Thread-safe. With its own threads, calls take turns. A call from within a call, even through a task of another
 * parallel kernel, runs on the current thread alone. A task must not wait for a call made by another thread, because
 * that call waits for the task's own call to end. Two such kernels that call each other act as two locks: always nest
 * them in the same order.
 *
 * <p>Its own threads are daemons named {@code qk256-1} and so on. Between calls each thread spins for up to 50
 * microseconds before it sleeps, because waking a thread takes as long as a small operation. So do not use more threads
 * than there are idle cores. Calls with its own threads allocate nothing except, for each part of a dequantize, the
 * view that it writes to. A call on the threads of an executor allocates a few hundred bytes, plus whatever the
 * executor allocates.
 */
public final class ParallelKernel extends Kernel implements AutoCloseable {

    /** The maximum number of threads; far more than the machine has processors is most likely a typing error. */
    public static final int MAX_THREADS = 1024;

    private final Kernel kernel;
    private final int threads;
    private final WorkerThreads crew;

    private ParallelKernel(Kernel kernel, int threads, WorkerThreads crew) {
        this.kernel = kernel;
        this.threads = threads;
        this.crew = crew;
    }

    /**
     * Creates a kernel with its own threads, which live until it is {@linkplain #close closed}.
     *
     * @param kernel does the work
     * @param threads number of threads including the calling one, 1 to {@value #MAX_THREADS}
     * @throws IllegalArgumentException if the number of threads is out of range
     * @throws IllegalStateException if the system cannot create that many threads; those already created are ended
     */
    public static ParallelKernel withThreads(Kernel kernel, int threads) {
        Objects.requireNonNull(kernel, "kernel");
        return new ParallelKernel(kernel, threads, new WorkerPool(requireThreads(threads) - 1));
    }

    /**
     * Creates a kernel that borrows threads. Each call hands {@code threads - 1} tasks to the executor and does not
     * wait for tasks that never start. If the executor rejects one, the call ends with that exception.
     *
     * @param kernel does the work
     * @param executor runs tasks in threads; {@link #close} does not close it
     * @param threads number of threads including the calling one, 1 to {@value #MAX_THREADS}
     * @throws IllegalArgumentException if the number of threads is out of range
     */
    public static ParallelKernel over(Kernel kernel, Executor executor, int threads) {
        Objects.requireNonNull(kernel, "kernel");
        Objects.requireNonNull(executor, "executor");
        return new ParallelKernel(kernel, threads, new BorrowedThreads(executor, requireThreads(threads) - 1));
    }

    private static int requireThreads(int threads) {
        if (threads < 1 || threads > MAX_THREADS) {
            throw new IllegalArgumentException("threads: " + threads + ", expected 1 to " + MAX_THREADS);
        }
        return threads;
    }

    /**
     * Runs other work of the caller on the same threads, so an engine needs no second pool. The rows
     * {@code [0, rows)} are split into ranges like those of a matrix. If the task throws in some range, the call ends
     * with that exception once no thread works on it any more.
     *
     * @param rows 0 or more
     * @param minRows minimum rows per range, 1 or more: enough for some microseconds of work
     * @param task does one range; it may call this object's operations, which then run on its thread alone
     * @throws IllegalArgumentException if a number is too small
     * @throws IllegalStateException if this kernel is closed
     */
    public void forRows(int rows, int minRows, RowTask task) {
        Objects.requireNonNull(task, "task");
        if (rows < 0 || minRows < 1) {
            throw new IllegalArgumentException(
                    "rows: " + rows + ", expected 0 or more; minRows: " + minRows + ", expected 1 or more");
        }
        if (RowJob.isOnePart(rows, threads, minRows) || crew.isWithinCall()) {
            crew.requireOpen();
            if (rows > 0) {
                task.run(0, rows);
            }
            return;
        }
        RowJob job = crew.begin();
        try {
            job.fill(task, rows, threads, minRows);
            finish(job);
        } finally {
            crew.end(job);
        }
    }

    /** The number of threads, including the calling one. */
    public int threads() {
        return threads;
    }

    /**
     * Ends its own threads: none is left when this returns. Waits for the call they are working on, but not for a call
     * so small that its caller does it alone. Calls waiting for their turn, and later calls, throw
     * {@link IllegalStateException}. Closing again does nothing.
     *
     * @throws IllegalStateException if called from a task of a call that runs on these threads or that they wait for;
     *     nothing is closed then
     */
    @Override
    public void close() {
        crew.close();
    }

    @Override
    protected void dequantizeRows(Qk256Matrix w, int fromRow, int toRow, F32Vector out) {
        split(Operation.DEQUANTIZE, w, w.cols(), out, fromRow, toRow, out);
    }

    @Override
    protected void gemvF32Rows(Qk256Matrix w, F32Vector x, int fromRow, int toRow, F32Vector y) {
        split(Operation.GEMV_F32, w, w.cols(), x, fromRow, toRow, y);
    }

    @Override
    protected void gemvI8Rows(Qk256Matrix w, I8Vector x, int fromRow, int toRow, F32Vector y) {
        split(Operation.GEMV_I8, w, w.cols(), x, fromRow, toRow, y);
    }

    @Override
    protected void gemmI8Rows(Qk256Matrix w, I8Batch x, int fromRow, int toRow, F32Vector y) {
        split(Operation.GEMM_I8, w, w.cols(), x, fromRow, toRow, y);
    }

    @Override
    protected void gemmQ8Rows(Q8Matrix w, I8Batch x, int fromRow, int toRow, F32Vector y) {
        split(Operation.GEMM_Q8, w, w.cols(), x, fromRow, toRow, y);
    }

    @Override
    protected void gemmQ8Rows(Q8Matrix w, I16Batch x, int fromRow, int toRow, F32Vector y) {
        split(Operation.GEMM_Q8, w, w.cols(), x, fromRow, toRow, y);
    }

    @Override
    protected void gemvListedRows(Qk256Matrix w, I8Vector x, IndexList listed, int fromRow, int toRow, F32Vector y) {
        split(Operation.GEMV_LISTED, w, w.cols(), x, listed, fromRow, toRow, y);
    }

    @Override
    protected void gemvTransposedCols(
            Qk256Matrix w, I8Vector x, IndexList listed, int fromCol, int toCol, F32Vector y) {
        split(Operation.GEMV_TRANSPOSED, w, listed.size() + 1, x, listed, fromCol, toCol, y);
    }

    @Override
    public boolean hasOwn(Operation operation) {
        return kernel.hasOwn(operation);
    }

    private void split(Operation operation, Object w, int cols, Object x, int fromRow, int toRow, F32Vector out) {
        split(operation, w, cols, x, null, fromRow, toRow, out);
    }

    private void split(
            Operation operation,
            Object w,
            int cols,
            Object x,
            @Nullable IndexList listed,
            int fromRow,
            int toRow,
            F32Vector out) {
        if (RowJob.isOnePart(operation, cols, toRow - fromRow, threads) || crew.isWithinCall()) {
            crew.requireOpen();
            RowJob.run(kernel, operation, w, x, listed, fromRow, toRow, out);
            return;
        }
        RowJob job = crew.begin();
        try {
            job.fill(kernel, operation, w, cols, x, listed, fromRow, toRow, out, threads);
            finish(job);
        } finally {
            crew.end(job);
        }
    }

    private void finish(RowJob job) {
        crew.join(job);
        job.work();
        job.awaitOthers();
    }

    @Override
    public String toString() {
        return kernel + ", " + threads + (threads == 1 ? " thread" : " threads");
    }
}
