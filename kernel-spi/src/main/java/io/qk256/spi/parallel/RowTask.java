package io.qk256.spi.parallel;

/** Work on rows other than those of a matrix, for the threads of a {@link ParallelKernel}. */
@FunctionalInterface
public interface RowTask {

    /**
     * Does the rows {@code [fromRow, toRow)}. Several threads call this at once. Each row is in exactly one call, and
     * its result must not depend on the range that it is in.
     *
     * @param fromRow first row
     * @param toRow one past the last row
     */
    void run(int fromRow, int toRow);
}
