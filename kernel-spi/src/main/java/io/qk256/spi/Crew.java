package io.qk256.spi;

/** The threads that help a {@link ParallelKernel}. */
interface Crew {

    /**
     * A job to fill. It belongs to the caller until its {@linkplain #end end}.
     *
     * @throws IllegalStateException if the crew is closed
     */
    RowJob begin();

    /**
     * For a caller that needs no help.
     *
     * @throws IllegalStateException if the crew is closed
     */
    void requireOpen();

    /** Lets the crew work on a filled job. Throws nothing: what goes wrong is the job's failure. */
    void join(RowJob job);

    /** To be called once nobody works on the job any more. */
    void end(RowJob job);

    /** Ends the crew's threads, if they are its own. */
    void close();

    /** What is thrown after {@link #close}. */
    static IllegalStateException closed() {
        return new IllegalStateException("parallel kernel: it is closed; make another one");
    }
}
