package io.qk256.llm.model;

import java.util.ArrayDeque;
import java.util.function.Supplier;

/**
 * Scratch memory lent to threads for a piece of work: one object for each thread that works at once, alive as long as
 * the pool. A {@link ThreadLocal} would keep it as long as each thread lives. Thread-safe.
 *
 * @param <T> the scratch memory of one thread
 */
final class ScratchPool<T> {

    private final Supplier<T> maker;
    private final ArrayDeque<T> idle = new ArrayDeque<>();

    ScratchPool(Supplier<T> maker) {
        this.maker = maker;
    }

    /** Takes scratch memory for this thread alone, until it is given back. */
    T take() {
        synchronized (idle) {
            if (!idle.isEmpty()) {
                return idle.pop();
            }
        }
        return maker.get();
    }

    /** Gives scratch memory back for reuse. If a failure prevents this, it becomes garbage. */
    void giveBack(T scratch) {
        synchronized (idle) {
            idle.push(scratch);
        }
    }
}
