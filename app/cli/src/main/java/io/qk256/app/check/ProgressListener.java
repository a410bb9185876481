package io.qk256.app.check;

/** Hears how far a proof is; called on the thread that runs the proof. */
@FunctionalInterface
public interface ProgressListener {

    /** Hears nothing. */
    ProgressListener NONE = (what, done, total) -> {};

    /**
     * Something has been checked.
     *
     * @param what its name
     * @param done how many things have been checked
     * @param total how many there are
     */
    void checked(String what, int done, int total);
}
