package io.qk256.llm.model;

import io.qk256.spi.F32Vector;
import io.qk256.spi.I8Batch;
import io.qk256.spi.Kernel;
import io.qk256.spi.Qk256Matrix;
import io.qk256.spi.parallel.RowTask;
import java.util.List;

/**
 * The products of some ternary matrices with int8 activations, usually the same,
 * {@code y = sum(w * q) / activationScale * weightScale}, exact up to the f32 division (the contract of
 * {@link Kernel}). They are one parallel task: the threads wait for each other once instead of once per matrix, and a
 * small matrix is not split into small parts. For one thread at a time.
 */
final class Products {

    /** Kernels process rows in groups of four. */
    private static final int ROWS_IN_UNIT = 4;

    /** Some microseconds of work. */
    private static final int LEAST_UNITS = 8;

    private final Kernel kernel;
    private final Crew threads;
    private final List<QuantizedColumns> x;
    private final List<Qk256Matrix> matrices;
    private final List<KernelResults> y;
    private final F32Vector[] results;
    private final RowTask multiplyUnits = this::multiplyUnits;

    private final I8Batch[] activations;

    /**
     * Creates the products.
     *
     * @param kernel the kernel that multiplies
     * @param threads the threads that share the rows
     * @param x the activations of each matrix
     * @param y the results of each matrix, with one number per matrix row in each column
     */
    Products(Kernel kernel, Crew threads, List<QuantizedColumns> x, List<Qk256Matrix> matrices, List<KernelResults> y) {
        this.kernel = kernel;
        this.threads = threads;
        this.x = List.copyOf(x);
        this.matrices = List.copyOf(matrices);
        this.y = List.copyOf(y);
        this.activations = new I8Batch[x.size()];
        this.results = new F32Vector[y.size()];
    }

    /** Multiplies the first {@code columns} columns of the batch. */
    void apply(int columns) {
        int units = 0;
        for (int i = 0; i < matrices.size(); i++) {
            boolean isNew = i == 0 || x.get(i) != x.get(i - 1);
            activations[i] = isNew ? x.get(i).matrix(columns) : activations[i - 1];
            results[i] = y.get(i).first(columns);
            units += units(matrices.get(i));
        }
        threads.forRows(units, LEAST_UNITS, multiplyUnits);
    }

    private static int units(Qk256Matrix matrix) {
        return Math.ceilDiv(matrix.rows(), ROWS_IN_UNIT);
    }

    private void multiplyUnits(int from, int to) {
        int first = 0;
        for (int i = 0; i < matrices.size(); i++) {
            Qk256Matrix weights = matrices.get(i);
            int fromRow = Math.max(from - first, 0) * ROWS_IN_UNIT;
            int toRow = Math.min((to - first) * ROWS_IN_UNIT, weights.rows());
            if (fromRow < toRow) {
                multiply(weights, activations[i], fromRow, toRow, results[i]);
            }
            first += units(matrices.get(i));
        }
    }

    private void multiply(Qk256Matrix weights, I8Batch activation, int fromRow, int toRow, F32Vector result) {
        if (activation.columns() == 1) {
            kernel.gemv(weights, activation.column(0), fromRow, toRow, result);
        } else {
            kernel.gemm(weights, activation, fromRow, toRow, result);
        }
    }
}
