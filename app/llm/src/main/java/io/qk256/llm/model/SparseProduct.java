package io.qk256.llm.model;

import io.qk256.spi.I8Vector;
import io.qk256.spi.Kernel;
import io.qk256.spi.Operation;
import io.qk256.spi.Qk256;
import io.qk256.spi.Qk256Matrix;
import io.qk256.spi.parallel.RowTask;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The product of a ternary matrix with activations that may be mostly 0. For one token, columns that meet a 0 are not read if
 * there is a copy of the matrix by columns. The results have the same bits. For one thread at a time.
 */
final class SparseProduct {

    /** With more columns, the matrix itself is faster. */
    private static final double MOST_LISTED = 0.5;

    private final Kernel kernel;
    private final Crew threads;
    private final QuantizedColumns x;
    private final KernelResults y;
    private final Products plain;
    private final int cols;
    private final @Nullable Qk256Matrix byColumns;
    private final int blocksOfThread;
    private final ListedPlaces listed;
    private final Sparsity sparsity;
    private final RowTask multiplyListed = this::multiplyListed;

    /**
     * Creates the product.
     *
     * @param byColumns the transposed matrix, if there is one
     */
    SparseProduct(
            Kernel kernel,
            Crew threads,
            int numberOfThreads,
            QuantizedColumns x,
            Qk256Matrix matrix,
            @Nullable Qk256Matrix byColumns,
            KernelResults y,
            ListedPlaces listed,
            Sparsity sparsity) {
        this.kernel = kernel;
        this.threads = threads;
        this.x = x;
        this.y = y;
        this.plain = new Products(kernel, threads, List.of(x), List.of(matrix), List.of(y));
        this.cols = matrix.cols();
        this.byColumns = byColumns;
        this.blocksOfThread = Math.ceilDiv(Qk256.blocks(matrix.rows()), numberOfThreads);
        this.listed = listed;
        this.sparsity = sparsity;
    }

    /** Multiplies the first columns of the batch. */
    void apply(int ofBatch) {
        if (ofBatch > 1) {
            plain.apply(ofBatch);
            return;
        }
        int count = x.listNotZero(listed.places);
        sparsity.countInputs(cols, count);
        Qk256Matrix transposed = byColumns;
        if (transposed == null || count > MOST_LISTED * cols || !kernel.hasOwn(Operation.GEMV_TRANSPOSED)) {
            plain.apply(1);
            return;
        }
        listed.list(count);
        // A part for each thread: the shorter the pieces of the columns are, the slower memory delivers them.
        threads.forRows(transposed.blocks(), blocksOfThread, multiplyListed);
    }

    /** Multiplies the listed columns for some blocks of rows. */
    private void multiplyListed(int from, int to) {
        Qk256Matrix transposed = Objects.requireNonNull(byColumns);
        int end = Math.min(transposed.cols(), to * Qk256.BLOCK_WEIGHTS);
        I8Vector activations = x.matrix(1).column(0);
        kernel.gemvTransposed(transposed, activations, listed.list, from * Qk256.BLOCK_WEIGHTS, end, y.first(1));
    }
}
