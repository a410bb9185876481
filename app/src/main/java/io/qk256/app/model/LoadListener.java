package io.qk256.app.model;

/** Hears how far loading is. */
@FunctionalInterface
public interface LoadListener {

    /** Hears nothing. */
    LoadListener NONE = (done, total) -> {};

    /**
     * Another tensor is loaded; called by the thread that loads.
     *
     * @param done tensors that are
     * @param total tensors to load
     */
    void loaded(int done, int total);
}
