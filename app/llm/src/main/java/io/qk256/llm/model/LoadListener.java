package io.qk256.llm.model;

/** Hears how far loading is. */
@FunctionalInterface
public interface LoadListener {

    /** Hears nothing. */
    LoadListener NONE = (done, total) -> {};

    /**
     * Some more is loaded; called by the thread that loads.
     *
     * @param done bytes of the ternary tensors that are
     * @param total bytes of all of them
     */
    void loaded(long done, long total);

    /**
     * Something that is no error, and that the user should know, as the model may not be what it seems.
     *
     * @param message what, seen and expected
     */
    default void warned(String message) {}
}
