package io.qk256.spi;

import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/** Threads that wait for rows to work on. One call at a time has them all. */
final class WorkerPool implements Crew {

    /** Held from the beginning of a call to its end. */
    private final ReentrantLock turn = new ReentrantLock();

    private final RowJob job = new RowJob();
    private final Worker[] workers;
    private volatile boolean closed;

    WorkerPool(int size) {
        workers = new Worker[size];
        for (int i = 0; i < size; i++) {
            workers[i] = new Worker("qk256-" + (i + 1));
            workers[i].start();
        }
    }

    @Override
    public RowJob begin() {
        if (turn.isHeldByCurrentThread() || isWorker(Thread.currentThread())) {
            return new RowJob(); // A call within a call: nobody else will know of this job.
        }
        turn.lock();
        if (closed) {
            turn.unlock();
            throw Crew.closed();
        }
        return job;
    }

    @Override
    public void requireOpen() {
        if (closed) {
            throw Crew.closed();
        }
    }

    private boolean isWorker(Thread thread) {
        return thread instanceof Worker worker && worker.pool() == this;
    }

    @Override
    public void join(RowJob filled) {
        if (filled == job) {
            wakeAll();
        }
    }

    private void wakeAll() {
        for (Worker worker : workers) {
            if (worker.asleep) {
                LockSupport.unpark(worker);
            }
        }
    }

    @Override
    public void end(RowJob done) {
        done.clear();
        if (done == job) {
            turn.unlock();
        }
    }

    @Override
    public void close() {
        turn.lock();
        try {
            closed = true;
        } finally {
            turn.unlock();
        }
        wakeAll();
        boolean interrupted = false;
        for (Worker worker : workers) {
            interrupted |= worker.joinWhateverHappens();
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private final class Worker extends Thread {

        /** Set before the last look at the job, so that who fills it wakes this thread or is seen by it. */
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
            while (!closed) {
                job.work();
                if (!spinUntilWanted()) {
                    sleepUntilWanted();
                }
            }
        }

        private boolean isWanted() {
            return closed || job.isOpen();
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
                Thread.interrupted(); // Nobody has a reason to; and an interrupted thread cannot sleep.
            }
            asleep = false;
        }

        /** Returns whether the calling thread was interrupted meanwhile. */
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
