package io.qk256.spi.parallel;

import java.util.concurrent.Executor;

/** Threads of an executor. Each call has its own job, because a task may start long after its call has ended. */
final class BorrowedThreads implements WorkerThreads {

    private final Executor executor;
    private final int helpers;
    private volatile boolean closed;

    BorrowedThreads(Executor executor, int helpers) {
        this.executor = executor;
        this.helpers = helpers;
    }

    @Override
    public boolean isWithinCall() {
        return false; // No call waits for another.
    }

    @Override
    public RowJob begin() {
        requireOpen();
        return new RowJob();
    }

    @Override
    public void requireOpen() {
        if (closed) {
            throw WorkerThreads.closed();
        }
    }

    @Override
    public void join(RowJob job) {
        try {
            for (int i = 0; i < helpers && job.isOpen(); i++) {
                executor.execute(job);
            }
        } catch (RuntimeException | Error e) {
            job.fail(e);
        }
    }

    @Override
    public void end(RowJob job) {
        job.clear();
    }

    @Override
    public void close() {
        closed = true;
    }
}
