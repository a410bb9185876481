package io.qk256.llm.model;

import io.qk256.spi.parallel.RowTask;
import java.util.function.Supplier;

/**
 * The product of a matrix that is not ternary with f32 activations, in the order of {@link Reductions#dot}. Slow, but
 * such a matrix is rare: a converter stores what does not fit in the blocks of a ternary type in another type. For one
 * thread at a time.
 */
final class DenseProduct {

    /** Some microseconds of work. */
    private static final int LEAST_ROWS = 16;

    private final Supplier<Reductions> reductions;
    private final Crew threads;
    private final DenseMatrix weights;
    private final float factor;
    private final Columns x;
    private final Columns y;
    private final ScratchPool<DenseMatrix.Reader> readers;
    private final RowTask multiplyRows = this::multiplyRows;
    private int columns;

    /**
     * Creates the product.
     *
     * @param factor multiplies the results
     * @param y receives one number per matrix row in each column
     */
    DenseProduct(
            Supplier<Reductions> reductions, Crew threads, DenseMatrix weights, float factor, Columns x, Columns y) {
        this.reductions = reductions;
        this.threads = threads;
        this.weights = weights;
        this.factor = factor;
        this.x = x;
        this.y = y;
        this.readers = new ScratchPool<>(() -> weights.reader(1));
    }

    /** Multiplies the first columns of the batch. */
    void apply(int newColumns) {
        columns = newColumns;
        threads.forRows(weights.rows(), LEAST_ROWS, multiplyRows);
    }

    private void multiplyRows(int from, int to) {
        Reductions sums = reductions.get();
        DenseMatrix.Reader reader = readers.take();
        for (int row = from; row < to; row++) {
            reader.read(row, 1);
            for (int column = 0; column < columns; column++) {
                float sum = sums.dot(reader.values, 0, x.values(), x.at(column), weights.cols());
                y.values()[y.at(column) + row] = sum * factor;
            }
        }
        readers.giveBack(reader);
    }
}
