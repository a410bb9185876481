package io.qk256.llm.model;

import java.util.ArrayDeque;
import java.util.function.Supplier;

/**
 * What threads write on their way, lent for a piece of work: as many as work at once, and no longer than who owns the pool.
 * A {@link ThreadLocal} would keep them for as long as each thread lives. Thread-safe.
 *
 * @param <T> one thread's
 */
final class ScratchPool<T> {

    private final Supplier<T> maker;
    private final ArrayDeque<T> idle = new ArrayDeque<>();

    ScratchPool(Supplier<T> maker) {
        this.maker = maker;
    }

    /** For this thread alone, until it is given back. */
    T take() {
        synchronized (idle) {
            if (!idle.isEmpty()) {
                return idle.pop();
            }
        }
        return maker.get();
    }

    /** For the next one; what is not given back, after a failure, is garbage. */
    void giveBack(T scratch) {
        synchronized (idle) {
            idle.push(scratch);
        }
    }
}
