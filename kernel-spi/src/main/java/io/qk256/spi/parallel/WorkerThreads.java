package io.qk256.spi.parallel;

/** The threads that help a {@link ParallelKernel}. */
interface WorkerThreads {

    /** Whether the current thread works for the running call: another call would wait for it forever. */
    boolean isWithinCall();

    /**
     * Returns a job to fill. It belongs to the caller until {@link #end}. Not allowed from within a call.
     *
     * @throws IllegalStateException if the threads are closed
     */
    RowJob begin();

    /**
     * Checks that the threads are open, for a caller that needs no help.
     *
     * @throws IllegalStateException if the threads are closed, unless the current thread works for a running call
     */
    void requireOpen();

    /** Lets the threads work on a filled job. Throws nothing: errors become the job's failure. */
    void join(RowJob job);

    /** Must be called once no thread works on the job any more. */
    void end(RowJob job);

    /**
     * Ends the threads, unless they are borrowed.
     *
     * @throws IllegalStateException if it would wait for a call that the current thread works for
     */
    void close();

    /** The exception for calls after {@link #close}. */
    static IllegalStateException closed() {
        return new IllegalStateException("parallel kernel: it is closed; make another one");
    }
}
