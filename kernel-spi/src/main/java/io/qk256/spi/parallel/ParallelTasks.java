package io.qk256.spi.parallel;

import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One-time work such as loading weights: numbered tasks that a few threads take one after the other, in ascending
 * order. The threads are daemons named {@code qk256-task-1} and so on, and live as long as the call. For repeated
 * work, {@link ParallelKernel#forRows} keeps its threads.
 *
 * <p>After a failure no further task starts. An interrupt does not end a call and stays pending.
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
     * A task.
     *
     * @param <E> the exception it may throw
     */
    @FunctionalInterface
    public interface Task<E extends Exception> {

        /**
         * Does one task. Several threads call this at once, each with different numbers.
         *
         * @param i the task's number
         * @throws E if the task fails
         */
        void run(int i) throws E;
    }

    /**
     * Runs the tasks {@code [0, count)} and returns when no thread works on one any more.
     *
     * @param <E> the exception a task may throw
     * @param count number of tasks, 0 or more
     * @param threads number of threads including the calling one, 1 or more; at most {@code count} and
     *     {@link ParallelKernel#MAX_THREADS} are used
     * @param task does one task
     * @throws E the exception of a task; of several, the one with the lowest number. The same holds for unchecked
     *     exceptions and errors
     * @throws IllegalArgumentException if a number is too small
     * @throws IllegalStateException if the system cannot create that many threads; no task has run then
     */
    public static <E extends Exception> void run(int count, int threads, Task<E> task) throws E {
        run(count, threads, task, Thread::start);
    }

    /** The same with a custom way to start threads, for tests. */
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

    /** Each thread of the pool, and the calling one, takes tasks until none is left. */
    private void work(int workers, Consumer<Thread> start) {
        WorkerPool pool = new WorkerPool("parallel tasks", THREAD_NAME, workers - 1, start);
        try {
            RowJob job = pool.begin();
            try {
                job.fill((from, to) -> work(), workers, workers, 1);
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
            } catch (Throwable e) { // A task's exception, rethrown by the calling thread.
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
