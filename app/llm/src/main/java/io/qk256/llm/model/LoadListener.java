package io.qk256.llm.model;

import io.qk256.gguf.Progress;

/** Hears how far loading is, on the thread that loads, and what to know of the model. */
@FunctionalInterface
public interface LoadListener extends Progress {

    /** Hears nothing. */
    LoadListener NONE = (what, done, total) -> {};

    /**
     * Something that is no error, and that the user should know, as the model may not be what it seems.
     *
     * @param message what, seen and expected
     */
    default void warned(String message) {}
}
