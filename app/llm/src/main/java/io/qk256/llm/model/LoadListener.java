package io.qk256.llm.model;

import io.qk256.gguf.Progress;

/** Receives the progress of loading, on the loading thread, and warnings about the model. */
@FunctionalInterface
public interface LoadListener extends Progress {

    /** Ignores all reports. */
    LoadListener NONE = (what, done, total) -> {};

    /**
     * Receives a warning: not an error, but the user should know, as the model may not be what it seems.
     *
     * @param message what was found and what was expected
     */
    default void warned(String message) {}
}
