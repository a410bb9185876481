package io.qk256.spi.parallel;

/** The threads that help a {@link ParallelKernel}. */
interface WorkerThreads {

    /** Whether this thread works on a call that has the crew: a further call would wait for it for ever. */
    boolean isWithinCall();

    /**
     * A job to fill. It belongs to the caller until its {@linkplain #end end}. Not from within a call.
     *
     * @throws IllegalStateException if the crew is closed
     */
    RowJob begin();

    /**
     * For a caller that needs no help.
     *
     * @throws IllegalStateException if the crew is closed, unless a call is under way that this belongs to
     */
    void requireOpen();

    /** Lets the crew work on a filled job. Throws nothing: what goes wrong is the job's failure. */
    void join(RowJob job);

    /** To be called once nobody works on the job any more. */
    void end(RowJob job);

    /**
     * Ends the crew's threads, if they are its own.
     *
     * @throws IllegalStateException if it would wait for a call that this thread works on
     */
    void close();

    /** What is thrown after {@link #close}. */
    static IllegalStateException closed() {
        return new IllegalStateException("parallel kernel: it is closed; make another one");
    }
}
