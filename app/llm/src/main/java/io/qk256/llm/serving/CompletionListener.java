package io.qk256.llm.serving;

/**
 * Receives a completion. The calls for one request come one after another, on a virtual thread of the request, so they
 * may block: other requests go on. If a listener lags behind, its request is paused, and ended after
 * {@link SchedulerOptions#stall}. If it throws, its request ends with {@link #failed}. Any number of {@link #text},
 * then exactly one of {@link #finished} and {@link #failed}.
 */
public interface CompletionListener {

    /** Receives the next piece of the text. */
    void text(TextPiece piece);

    /** The completion has ended. The last call. */
    void finished(CompletionEnd end);

    /**
     * The completion failed; other requests are not affected. The last call.
     *
     * @param cause such as {@link io.qk256.llm.model.NotFiniteException}, or what this listener or a constraint threw
     */
    void failed(Throwable cause);
}
