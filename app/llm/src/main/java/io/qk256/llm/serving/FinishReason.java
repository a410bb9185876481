package io.qk256.llm.serving;

/** Why a completion ended. */
public enum FinishReason {
    /** The model ended the text, or a constraint that allows no further token. */
    COMPLETE,

    /** A stop string appeared; neither it nor what follows is part of the text. */
    STOP_STRING,

    /** The maximum number of tokens is reached. With a constraint, the text may be incomplete. */
    LIMIT,

    /** The context is full. With a constraint, the text may be incomplete. */
    CONTEXT,

    /** The constraint allows no token here, nor the end of the text, or a stop string came before: the text is incomplete. */
    CUT_BY_GRAMMAR,

    /** {@link Handle#cancel} was called, or the scheduler was closed and its time to finish passed. */
    CANCELLED,

    /** A time limit of the request passed, in the queue or later. */
    TIMEOUT,

    /** The listener did not take the text for too long; see {@link SchedulerOptions#stall}. */
    NOT_READ;

    /**
     * Whether the completion would have gone on. Its text is then a beginning of what it would have been; text that may
     * have become a stop string is left out.
     */
    public boolean isInterruption() {
        return this == CANCELLED || this == TIMEOUT || this == NOT_READ;
    }
}
