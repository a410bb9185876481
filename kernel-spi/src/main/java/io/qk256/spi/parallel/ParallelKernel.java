package io.qk256.spi.parallel;

import io.qk256.spi.F32Vector;
import io.qk256.spi.I8Batch;
import io.qk256.spi.I8Vector;
import io.qk256.spi.Kernel;
import io.qk256.spi.Operation;
import io.qk256.spi.Qk256Matrix;
import java.util.Objects;
import java.util.concurrent.Executor;

/**
 * A kernel whose rows several threads work on, the calling one among them. Results have the same bits as
 * those of the kernel itself, for any number of threads, because results of kernels do not depend on how
 * rows are split into ranges.
 *
 * <pre>{@code
 * try (ParallelKernel kernel = ParallelKernel.withThreads(selection.kernel(), 8)) {
 *     kernel.gemv(weights, x, y);
 * }
 * }</pre>
 *
 * <p>A matrix is split at multiples of 4 rows, into more parts than there are threads, which take one part after
 * the other: a thread that comes late takes fewer. A small matrix stays with the calling thread. What is split
 * needs memory that all threads may use, from a shared, automatic or global arena or on the heap; confined
 * memory gives a {@link WrongThreadException}. All threads write to the one result at the same time, each its own
 * rows, wherever it lies. So a kernel writes no other row, not even with the value that it has already; one that works
 * on a copy of a result on the heap writes back its rows only.
 *
 * <p>If the kernel throws in some part, the call ends with that exception once no thread works on it any
 * more; the result is then undefined. An interrupt does not end a call, and stays pending.
 *
 * <p>Thread-safe: with threads of its own, calls take turns. A call from within a call, also by way of another
 * parallel kernel's task, is done by its thread alone. A task must not wait for a call that some other thread makes:
 * that call waits for the task's own to end. Two such kernels that call each other are two locks: always nest them the
 * same way round.
 *
 * <p>Threads of its own are daemons named {@code qk256-1} and so on. Between two calls each spins for up to 50
 * microseconds before it sleeps, because waking a thread takes as long as a small operation; so give it no more threads
 * than there are idle cores. Calls on them allocate nothing but, for each part, the view that dequantizing writes to. A
 * call on the threads of an executor allocates some hundred bytes, and whatever the executor does.
 */
public final class ParallelKernel extends Kernel implements AutoCloseable {

    /** The most threads that it takes: what is far beyond the processors of a machine is a slip of the finger. */
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
     * A kernel with threads of its own, which live until it is {@linkplain #close closed}.
     *
     * @param kernel does the work
     * @param threads how many threads work, 1 to {@value #MAX_THREADS}; the calling thread is one of them
     * @throws IllegalArgumentException if it is another number of threads
     * @throws IllegalStateException if the system does not give so many threads; those that it gave are ended
     */
    public static ParallelKernel withThreads(Kernel kernel, int threads) {
        Objects.requireNonNull(kernel, "kernel");
        return new ParallelKernel(kernel, threads, new WorkerPool(requireThreads(threads) - 1));
    }

    /**
     * A kernel that borrows threads. Each call hands {@code threads - 1} tasks to the executor and does not
     * wait for those that never start. If the executor rejects one, the call ends with that exception.
     *
     * @param kernel does the work
     * @param executor runs tasks in threads; {@link #close} leaves it as it is
     * @param threads how many threads work, 1 to {@value #MAX_THREADS}; the calling thread is one of them
     * @throws IllegalArgumentException if it is another number of threads
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
     * Does other work of the caller on the same threads, so that an engine needs no second set of them: the rows
     * {@code [0, rows)} in ranges, as a matrix is split. If the task throws in some range, the call ends with that exception
     * once no thread works on it any more.
     *
     * @param rows 0 or more
     * @param minRows rows that are worth a thread's while: some microseconds of work; 1 or more
     * @param task does a range; it may call this object's operations, which then run on its thread alone
     * @throws IllegalArgumentException if a number is too small
     * @throws IllegalStateException if this is closed
     */
    public void forRows(int rows, int minRows, RowTask task) {
        Objects.requireNonNull(task, "task");
        if (rows < 0 || minRows < 1) {
            throw new IllegalArgumentException(
                    "rows: " + rows + ", expected 0 or more; minRows: " + minRows + ", expected 1 or more");
        }
        int rowsInPart = RowJob.rowsInPart(rows, threads, minRows, 1);
        if (rowsInPart == rows || crew.isWithinCall()) {
            crew.requireOpen();
            if (rows > 0) {
                task.run(0, rows);
            }
            return;
        }
        RowJob job = crew.begin();
        try {
            job.fill(task, rows, rowsInPart);
            finish(job);
        } finally {
            crew.end(job);
        }
    }

    /** How many threads work, the calling one among them. */
    public int threads() {
        return threads;
    }

    /**
     * Ends the threads of its own: none is left when this returns. Waits for the call that they work on, not for one so
     * small that its caller does it alone. Calls that wait for their turn, and later ones, give an
     * {@link IllegalStateException}. Closing again does nothing.
     *
     * @throws IllegalStateException if a task of a call closes the threads that it runs on, or that wait for it;
     *     nothing is closed then
     */
    @Override
    public void close() {
        crew.close();
    }

    @Override
    protected void dequantizeRows(Qk256Matrix w, int fromRow, int toRow, F32Vector out) {
        split(Operation.DEQUANTIZE, w, out, fromRow, toRow, out);
    }

    @Override
    protected void gemvF32Rows(Qk256Matrix w, F32Vector x, int fromRow, int toRow, F32Vector y) {
        split(Operation.GEMV_F32, w, x, fromRow, toRow, y);
    }

    @Override
    protected void gemvI8Rows(Qk256Matrix w, I8Vector x, int fromRow, int toRow, F32Vector y) {
        split(Operation.GEMV_I8, w, x, fromRow, toRow, y);
    }

    @Override
    protected void gemmI8Rows(Qk256Matrix w, I8Batch x, int fromRow, int toRow, F32Vector y) {
        split(Operation.GEMM_I8, w, x, fromRow, toRow, y);
    }

    private void split(Operation operation, Qk256Matrix w, Object x, int fromRow, int toRow, F32Vector out) {
        int rowsInPart = RowJob.rowsInPart(w.cols(), toRow - fromRow, threads);
        if (rowsInPart == toRow - fromRow || crew.isWithinCall()) {
            crew.requireOpen();
            RowJob.run(kernel, operation, w, x, fromRow, toRow, out);
            return;
        }
        RowJob job = crew.begin();
        try {
            job.fill(kernel, operation, w, x, fromRow, toRow, out, rowsInPart);
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
