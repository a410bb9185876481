package io.qk256.llm.serving;

import java.time.Duration;

/** Thrown if a request cannot wait because the queue is full. Nothing is wrong with the request: try again later. */
public final class QueueFullException extends RuntimeException {

    private static final long serialVersionUID = 1;

    private final transient Duration retryAfter;

    QueueFullException(int waiting, Duration retryAfter) {
        super("the queue is full: " + waiting + (waiting == 1 ? " request waits" : " requests wait")
                + "; try again in about " + retryAfter.toSeconds() + " s");
        this.retryAfter = retryAfter;
    }

    /** An estimate of when there is room, from the time that recent requests took: whole seconds, 1 or more. */
    public Duration retryAfter() {
        return retryAfter;
    }
}
