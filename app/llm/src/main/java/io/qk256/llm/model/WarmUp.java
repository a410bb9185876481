package io.qk256.llm.model;

import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Has the JVM compile vector code by calling it often, once in a process: until then plain code, which gives the same bits, is
 * faster by far. It takes processor time that short work does not pay back, so it is to be started when work is known to
 * be longer. Thread-safe.
 */
final class WarmUp {

    private final Runnable calls;
    private final AtomicBoolean started = new AtomicBoolean();
    private volatile boolean done;

    WarmUp(Runnable calls) {
        this.calls = calls;
    }

    /** Starts it in a thread of its own, unless it was started before. */
    void start() {
        if (!started.get() && started.compareAndSet(false, true)) {
            Thread.ofPlatform().daemon().name("qk256-warm-up").start(() -> {
                calls.run();
                done = true;
            });
        }
    }

    /** Whether vector code is the faster one now. */
    boolean isDone() {
        return done;
    }
}
