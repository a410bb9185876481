package io.qk256.llm.serving;

/** A request that was submitted to a {@link Scheduler}. Thread-safe. */
public interface Handle {

    /**
     * Ends the request, within one pass over the weights; its listener is told {@link FinishReason#CANCELLED}. Does
     * nothing if the request has ended. Does not wait.
     */
    void cancel();

    /** Whether the request has ended; its listener may not have been told yet. */
    boolean isDone();
}
