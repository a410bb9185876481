package io.qk256.llm.model;

import io.qk256.spi.parallel.RowTask;

/** The threads that share the work of an engine: {@link io.qk256.spi.parallel.ParallelKernel#forRows}. */
@FunctionalInterface
interface Crew {

    /** Runs a task on rows {@code [0, rows)} in ranges of {@code minRows} or more; returns when all are done. */
    void forRows(int rows, int minRows, RowTask task);
}
