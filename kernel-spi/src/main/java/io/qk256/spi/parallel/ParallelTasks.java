package io.qk256.spi.parallel;

import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Work that is done once, such as loading weights: numbered tasks that a few threads take one after the other, in the order of their
 * numbers. The threads are daemons named {@code qk256-task-1} and so on, which live as long as the call; for work that comes again and
 * again, {@link ParallelKernel#forRows} keeps its threads.
 *
 * <p>After a failure no further task starts. An interrupt does not end a call, and stays pending.
 */
public final class ParallelTasks {

    private static final String THREAD_NAME = "qk256-task-";

    private final int count;
    private final Task<?> task;
    private final AtomicInteger next = new AtomicInteger();
    private int failedTask = Integer.MAX_VALUE;
    private @Nullable Throwable failure;

    private ParallelTasks(int count, Task<?> task) {
        this.count = count;
        this.task = task;
    }

    /**
     * One of the tasks.
     *
     * @param <E> what it may throw
     */
    @FunctionalInterface
    public interface Task<E extends Exception> {

        /**
         * Does a task. Several threads call this at once, each with other numbers.
         *
         * @param i its number
         * @throws E if it fails
         */
        void run(int i) throws E;
    }

    /**
     * Runs the tasks {@code [0, count)}, and returns when no thread works on one any more.
     *
     * @param <E> what a task may throw
     * @param count 0 or more
     * @param threads 1 or more, the calling one among them; there are never more than tasks, nor than
     *     {@link ParallelKernel#MAX_THREADS}
     * @param task does one
     * @throws E what a task threw; of several, the one of the lowest number. Unchecked exceptions and errors, too
     * @throws IllegalArgumentException if a number is too small
     * @throws IllegalStateException if the system does not give so many threads; no task has run then
     */
    public static <E extends Exception> void run(int count, int threads, Task<E> task) throws E {
        run(count, threads, task, Thread::start);
    }

    /** Starting threads as somebody else does. */
    static <E extends Exception> void run(int count, int threads, Task<E> task, Consumer<Thread> start) throws E {
        Objects.requireNonNull(task, "task");
        if (count < 0) {
            throw new IllegalArgumentException("tasks: " + count + ", expected 0 or more");
        }
        if (threads < 1) {
            throw new IllegalArgumentException("threads: " + threads + ", expected 1 or more");
        }
        ParallelTasks tasks = new ParallelTasks(count, task);
        int workers = Math.min(Math.min(threads, ParallelKernel.MAX_THREADS), count);
        if (workers <= 1) {
            tasks.work();
        } else {
            tasks.work(workers, start);
        }
        tasks.<E>rethrow();
    }

    /** Each thread of the pool, and this one, takes tasks until there are none. */
    private void work(int workers, Consumer<Thread> start) {
        WorkerPool pool = new WorkerPool("parallel tasks", THREAD_NAME, workers - 1, start);
        try {
            RowJob job = pool.begin();
            try {
                job.fill((from, to) -> work(), workers, 1);
                pool.join(job);
                job.work();
                job.awaitOthers();
            } finally {
                pool.end(job);
            }
        } finally {
            pool.close();
        }
    }

    private void work() {
        for (int i = next.getAndIncrement(); i < count; i = next.getAndIncrement()) {
            try {
                task.run(i);
            } catch (Throwable e) { // of a task, to be thrown by the thread that called
                failed(i, e);
                next.set(count);
            }
        }
    }

    private synchronized void failed(int i, Throwable thrown) {
        if (i < failedTask) {
            failedTask = i;
            failure = thrown;
        }
    }

    @SuppressWarnings("unchecked") // A task throws nothing else.
    private synchronized <E extends Exception> void rethrow() throws E {
        switch (failure) {
            case null -> {}
            case RuntimeException e -> throw e;
            case Error e -> throw e;
            default -> throw (E) failure;
        }
    }
}
