package io.qk256.llm.serving;

import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Hands the pieces of a completion to its listener, on a virtual thread, so that a listener that blocks holds up
 * nobody else. Holds few pieces: the caller stops computing while {@link #isFull}. One thread hands over.
 */
final class Delivery {

    /** The pieces that a listener may lag behind. */
    static final int CAPACITY = 64;

    private final CompletionListener listener;
    private final Runnable hasRoom;
    private final LinkedBlockingQueue<Event> events = new LinkedBlockingQueue<>();
    private volatile @Nullable Thread thread;
    private volatile @Nullable Throwable thrown;

    private record Event(Consumer<CompletionListener> call, boolean isLast) {}

    /** @param hasRoom called when there is room again after this was full */
    Delivery(CompletionListener listener, Runnable hasRoom) {
        this.listener = listener;
        this.hasRoom = hasRoom;
    }

    /** Hands over a piece. Does not wait. */
    void text(TextPiece piece) {
        add(new Event(to -> to.text(piece), false));
    }

    /** Hands over the last call. Does not wait. */
    void end(Consumer<CompletionListener> call) {
        add(new Event(call, true));
    }

    private void add(Event event) {
        events.add(event);
        if (thread == null) {
            thread = Thread.ofVirtual().name("qk256-listener").start(this::run);
        }
    }

    /** Whether the listener lags so far behind that it must catch up first. */
    boolean isFull() {
        return events.size() >= CAPACITY;
    }

    /** What the listener threw, or null. */
    @Nullable
    Throwable thrown() {
        return thrown;
    }

    /** Interrupts the listener, which blocks for too long. */
    void interrupt() {
        Thread listening = thread;
        if (listening != null) {
            listening.interrupt();
        }
    }

    private void run() {
        boolean isLast = false;
        while (!isLast) {
            Event event;
            try {
                event = events.take();
            } catch (InterruptedException e) {
                continue; // It was meant for the listener, which has returned; the end is still to come.
            }
            if (events.size() == CAPACITY - 1) {
                hasRoom.run();
            }
            isLast = event.isLast;
            if (thrown == null || isLast) {
                call(event);
            }
        }
    }

    private void call(Event event) {
        try {
            event.call.accept(listener);
        } catch (Throwable e) { // The request fails with whatever it is; this thread still has to tell so.
            thrown = e;
            hasRoom.run();
        }
    }
}
