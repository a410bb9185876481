package io.qk256.gguf.layout;

import io.qk256.gguf.GgufException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Runs numbered tasks on a few threads, in the order of their numbers, and waits for all. */
public final class Parallel {

    @FunctionalInterface
    public interface Task {
        void run(int i) throws GgufException;
    }

    private final int count;
    private final Task task;
    private final AtomicInteger next = new AtomicInteger();
    private int failedTask = Integer.MAX_VALUE;
    private @Nullable Throwable failure;

    private Parallel(int count, Task task) {
        this.count = count;
        this.task = task;
    }

    /**
     * Runs tasks 0 to {@code count - 1}. After a failure no further task starts.
     *
     * @param threads 1 or more, with the calling one
     * @throws GgufException what a task threw: of several, the one of the lowest number
     */
    public static void run(int count, int threads, Task task) throws GgufException {
        run(count, threads, task, Thread::start);
    }

    /** Starting threads as somebody else does. */
    static void run(int count, int threads, Task task, Consumer<Thread> start) throws GgufException {
        if (threads < 1) {
            throw new IllegalArgumentException("threads: " + threads + ", expected 1 or more");
        }
        Parallel parallel = new Parallel(count, task);
        List<Thread> helpers = new ArrayList<>();
        try {
            for (int i = 1; i < Math.min(threads, count); i++) {
                Thread helper =
                        Thread.ofPlatform().daemon().name("qk256-files-" + i).unstarted(parallel::work);
                start.accept(helper);
                helpers.add(helper);
            }
            parallel.work();
        } catch (Throwable e) { // The system gave no thread, say: those that it gave use the caller's memory.
            parallel.next.set(count);
            throw e;
        } finally {
            join(helpers);
        }
        parallel.rethrow();
    }

    private void work() {
        for (int i = next.getAndIncrement(); i < count; i = next.getAndIncrement()) {
            try {
                task.run(i);
            } catch (GgufException | RuntimeException | Error e) {
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

    /** Tasks are short, and their memory is in use until they end: an interrupt waits. */
    private static void join(List<Thread> helpers) {
        boolean interrupted = false;
        for (Thread helper : helpers) {
            while (helper.isAlive()) {
                try {
                    helper.join();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private synchronized void rethrow() throws GgufException {
        switch (failure) {
            case null -> {}
            case GgufException e -> throw e;
            case RuntimeException e -> throw e;
            case Error e -> throw e;
            default -> throw new AssertionError(failure);
        }
    }
}
