package io.qk256.llm.model;

import io.qk256.spi.parallel.RowTask;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/**
 * Measures where the time of an engine goes. Create one, pass it to {@link Model#engine(io.qk256.spi.Kernel,
 * EngineOptions, Account)}, compute, and read it between calls of the engine. The parts, {@link #waiting} and {@link #rest}
 * add up to {@link #total}. An engine without an account measures nothing.
 *
 * <p>Only for one engine, and for the thread that uses it.
 */
public final class Account {

    /** A part of the computation. */
    public enum Part {
        /** Products with the matrices of the layers. */
        PRODUCTS,

        /** Logits. */
        HEAD,

        /** Attention over the cached tokens. */
        ATTENTION,

        /** What is done for each token alone: norms, quantizing, rotation, gates, sums, copies of results. */
        COLUMNS
    }

    private final Map<Part, Long> nanos = new EnumMap<>(Part.class);

    /** The time that all threads together worked on tasks. */
    private final LongAdder busy = new LongAdder();

    private int threads = 1;
    private long inTasks;
    private long waiting;
    private long total;
    private long tokens;

    /** Creates an account of nothing. */
    public Account() {}

    /** Forgets all that was measured. */
    public void reset() {
        nanos.clear();
        waiting = 0;
        total = 0;
        tokens = 0;
    }

    /** The tokens computed. */
    public long tokens() {
        return tokens;
    }

    /** The time of all calls, in nanoseconds. */
    public long total() {
        return total;
    }

    /**
     * The time of a part in nanoseconds, without waiting: of work that threads share, the time of all threads divided by
     * their number.
     */
    public long nanos(Part part) {
        return nanos.getOrDefault(part, 0L);
    }

    /**
     * The time that threads had nothing to do in shared work, divided by their number, in nanoseconds: until they began,
     * until the last one ended, and while a task was too small to share.
     */
    public long waiting() {
        return waiting;
    }

    /** The rest of the time, in nanoseconds: embeddings, positions, checks, pages of the cache. */
    public long rest() {
        long rest = total - waiting;
        for (long part : nanos.values()) {
            rest -= part;
        }
        return rest;
    }

    /** Returns a crew that measures its tasks. */
    Crew over(Crew crew, int ofThreads) {
        threads = ofThreads;
        return (rows, minRows, task) -> {
            long start = System.nanoTime();
            crew.forRows(rows, minRows, (from, to) -> timed(task, from, to));
            inTasks += System.nanoTime() - start;
        };
    }

    private void timed(RowTask task, int from, int to) {
        long start = System.nanoTime();
        try {
            task.run(from, to);
        } finally {
            busy.add(System.nanoTime() - start);
        }
    }

    /** Runs some work of a part. */
    void run(Part part, Runnable work) {
        inTasks = 0;
        busy.reset();
        long start = System.nanoTime();
        work.run();
        long time = System.nanoTime() - start;
        long working = busy.sum() / threads;
        nanos.merge(part, time - inTasks + working, Long::sum);
        waiting += inTasks - working;
    }

    /** Adds a call of the engine. */
    void add(long newTokens, long time) {
        tokens += newTokens;
        total += time;
    }
}
