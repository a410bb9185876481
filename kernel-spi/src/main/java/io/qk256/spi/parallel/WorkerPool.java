package io.qk256.spi.parallel;

import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Threads that wait for rows to work on. They work for one call at a time. */
final class WorkerPool implements WorkerThreads {

    /** Held from the beginning of a call to its end. */
    private final ReentrantLock turn = new ReentrantLock();

    private final RowJob job = new RowJob();
    private final Worker[] workers;

    /** The thread whose call is running. */
    private volatile @Nullable Thread caller;

    /** No new call may begin. */
    private volatile boolean closed;

    /** No call is running, and none will. */
    private volatile boolean ended;

    /** The threads of a {@link ParallelKernel}. */
    WorkerPool(int size) {
        this(size, Thread::start);
    }

    /** The same with a custom way to start threads, for tests. */
    WorkerPool(int size, Consumer<Thread> start) {
        this("parallel kernel", "qk256-", size, start);
    }

    /**
     * Starts all threads or none.
     *
     * @param owner the owner's name, for messages
     * @param name prefix of the thread names
     * @param start starts a thread
     * @throws IllegalStateException if a thread cannot be started
     */
    WorkerPool(String owner, String name, int size, Consumer<Thread> start) {
        workers = new Worker[size];
        int started = 0;
        try {
            for (; started < size; started++) {
                Worker worker = new Worker(name + (started + 1));
                start(owner, worker, start, size);
                workers[started] = worker;
            }
        } finally {
            if (started < size) {
                end(started);
            }
        }
    }

    private static void start(String owner, Worker worker, Consumer<Thread> start, int size) {
        try {
            start.accept(worker);
        } catch (OutOfMemoryError e) { // The JVM throws this if the system refuses to create a thread.
            throw new IllegalStateException(
                    owner + ": thread " + worker.getName() + " of " + size + " could not be started (" + e.getMessage()
                            + "); use fewer threads, or allow this process more (ulimit -u)",
                    e);
        }
    }

    @Override
    public RowJob begin() {
        turn.lock();
        if (closed) {
            turn.unlock();
            throw WorkerThreads.closed();
        }
        caller = Thread.currentThread();
        return job;
    }

    @Override
    public void requireOpen() {
        if (closed && !isWithinCall()) {
            throw WorkerThreads.closed();
        }
    }

    /** Follows the chain from a worker to the thread whose call it works for, which may be a worker of another pool. */
    @Override
    public boolean isWithinCall() {
        Thread thread = Thread.currentThread();
        while (thread != null && thread != caller) {
            if (!(thread instanceof Worker worker)) {
                return false;
            }
            thread = worker.pool().caller;
        }
        return thread != null;
    }

    @Override
    public void join(RowJob filled) {
        wakeAll(workers.length);
    }

    private void wakeAll(int count) {
        for (int i = 0; i < count; i++) {
            if (workers[i].asleep) {
                LockSupport.unpark(workers[i]);
            }
        }
    }

    @Override
    public void end(RowJob done) {
        done.clear();
        caller = null;
        turn.unlock();
    }

    @Override
    public void close() {
        if (isWithinCall()) {
            throw new IllegalStateException(
                    "parallel kernel: close() came from a task of its own call, for whose end it"
                            + " would wait; close it after the call");
        }
        closed = true; // Set before taking a turn; otherwise callers in a loop could keep this from ever getting one.
        turn.lock();
        try {
            end(workers.length);
        } finally {
            turn.unlock();
        }
    }

    private void end(int count) {
        ended = true;
        wakeAll(count);
        boolean interrupted = false;
        for (int i = 0; i < count; i++) {
            interrupted |= workers[i].joinWhateverHappens();
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private final class Worker extends Thread {

        /** Set before the last look at the job, so whoever fills the job either wakes this thread or is seen by it. */
        private volatile boolean asleep;

        Worker(String name) {
            super(name);
            setDaemon(true);
        }

        WorkerPool pool() {
            return WorkerPool.this;
        }

        @Override
        public void run() {
            while (!ended) {
                job.work();
                if (!spinUntilWanted()) {
                    sleepUntilWanted();
                }
            }
        }

        private boolean isWanted() {
            return ended || job.isOpen();
        }

        private boolean spinUntilWanted() {
            long start = System.nanoTime();
            while (!isWanted()) {
                if (System.nanoTime() - start > RowJob.SPIN_NANOS) {
                    return false;
                }
                Thread.onSpinWait();
            }
            return true;
        }

        private void sleepUntilWanted() {
            asleep = true;
            while (!isWanted()) {
                LockSupport.park(this);
                Thread.interrupted(); // Nobody has a reason to interrupt; and an interrupted thread cannot sleep.
            }
            asleep = false;
        }

        /** Waits for this thread to end. Returns whether the calling thread was interrupted meanwhile. */
        boolean joinWhateverHappens() {
            boolean interrupted = false;
            while (true) {
                try {
                    join();
                    return interrupted;
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        }
    }
}
