package io.qk256.tck;

import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;

/**
 * A thread that repeats an action while the kernel works, as the other threads of an application do. Closing it ends
 * the thread.
 */
abstract class Companion implements AutoCloseable {

    /**
     * If fewer than enough calls overlapped with the companion after this many, the machine is busy and the search
     * ends. So many, because on a busy machine both often take turns on one processor.
     */
    private static final int MOST_CALLS = 400;

    private static final int ENOUGH_CALLS = 8;

    /** Some ten microseconds, as rounds are short, and a thread that is parked takes longer to return. */
    private static final int SPINS = 1000;

    private final AtomicReference<String> fault = new AtomicReference<>();
    private final AtomicLong rounds = new AtomicLong();
    private final Thread thread = new Thread(this::run, "companion");
    private volatile boolean closed;

    private void run() {
        try {
            while (!closed) {
                round().ifPresent(text -> fault.compareAndSet(null, text));
                rounds.incrementAndGet();
            }
        } catch (Throwable e) { // A companion that has ended sees nothing more, and its rule must not pass.
            fault.compareAndSet(null, "the thread beside the kernel ended with " + e);
        }
    }

    /** Performs the action once; returns what the kernel has done wrong, if anything. */
    abstract Optional<String> round();

    /**
     * Repeats a call until the companion was active during enough of them. The call is that of the kernel and nothing else:
     * on a busy machine the companion gets its turn whenever this thread waits, and must not take that for a meeting.
     */
    void during(Runnable call) {
        thread.start();
        int met = 0;
        for (int calls = 0; calls < MOST_CALLS && met < ENOUGH_CALLS && fault.get() == null; calls++) {
            long before = rounds.get();
            call.run();
            met += rounds.get() > before ? 1 : 0;
            awaitRounds();
        }
    }

    /** What it has seen that the kernel does wrong, if anything. */
    Optional<String> fault() {
        return Optional.ofNullable(fault.get());
    }

    /** Of two more rounds, the second begins after the call and sees everything that the call did. */
    private void awaitRounds() {
        long until = rounds.get() + 2;
        for (int spins = 0; rounds.get() < until && thread.isAlive(); spins++) {
            if (spins < SPINS) {
                Thread.onSpinWait();
            } else {
                LockSupport.parkNanos(1000);
            }
        }
    }

    @Override
    public void close() {
        closed = true;
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
