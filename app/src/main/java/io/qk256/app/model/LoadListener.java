package io.qk256.app.model;

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
}
