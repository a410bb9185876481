package io.qk256.spi.parallel;

/** Work on rows that are not a matrix's, for the threads of a {@link ParallelKernel}. */
@FunctionalInterface
public interface RowTask {

    /**
     * Does the rows {@code [fromRow, toRow)}. Several threads call this at once, each row is in one call only, and
     * what a row gives may not depend on the range that it is in.
     *
     * @param fromRow first row
     * @param toRow one past the last row
     */
    void run(int fromRow, int toRow);
}
