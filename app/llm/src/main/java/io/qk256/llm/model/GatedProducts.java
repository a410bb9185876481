package io.qk256.llm.model;

import io.qk256.spi.Kernel;
import io.qk256.spi.Qk256Matrix;
import io.qk256.spi.parallel.RowTask;
import java.util.List;

/**
 * The gate and up projections of a feed-forward network with squared ReLU. For one token, the gate comes first: where it is
 * not positive, the row of the up projection would be multiplied by 0, so it is not read, and 0 takes its place. The
 * products of the two are the same numbers. For one thread at a time.
 */
final class GatedProducts {

    /** With more rows, reading all is faster: scattered rows arrive at half the speed. */
    private static final double MOST_LISTED = 0.5;

    /** Some microseconds of work. */
    private static final int LEAST_ROWS = 32;

    private final Kernel kernel;
    private final Crew threads;
    private final QuantizedColumns x;
    private final Qk256Matrix up;
    private final KernelResults gateResults;
    private final KernelResults upResults;
    private final Products both;
    private final Products gateAlone;
    private final ListedPlaces listed;
    private final Sparsity sparsity;
    private final RowTask multiplyListed = this::multiplyListed;

    private int positive;

    /** Whether the last token was dense: then the next one is expected to be. */
    private boolean dense;

    GatedProducts(
            Kernel kernel,
            Crew threads,
            QuantizedColumns x,
            Qk256Matrix gate,
            Qk256Matrix up,
            KernelResults gateResults,
            KernelResults upResults,
            ListedPlaces listed,
            Sparsity sparsity) {
        this.kernel = kernel;
        this.threads = threads;
        this.x = x;
        this.up = up;
        this.gateResults = gateResults;
        this.upResults = upResults;
        this.both = new Products(kernel, threads, List.of(x, x), List.of(gate, up), List.of(gateResults, upResults));
        this.gateAlone = new Products(kernel, threads, List.of(x), List.of(gate), List.of(gateResults));
        this.listed = listed;
        this.sparsity = sparsity;
    }

    /** Multiplies the first {@code columns} columns of the batch. */
    void apply(int columns) {
        if (columns > 1) {
            both.apply(columns);
            return;
        }
        if (dense) {
            both.apply(1);
            listPositive();
            return;
        }
        gateAlone.apply(1);
        listPositive();
        upResults.first(1).segment().fill((byte) 0);
        listed.list(positive);
        threads.forRows(positive, LEAST_ROWS, multiplyListed);
    }

    /** Multiplies the rows at some positions of the list. */
    private void multiplyListed(int from, int to) {
        int[] rows = listed.places;
        int end = to == positive ? up.rows() : rows[to];
        kernel.gemvListed(up, x.matrix(1).column(0), listed.list, rows[from], end, upResults.first(1));
    }

    /** Lists the rows whose gate is above 0, without branches, which nobody could predict. */
    private void listPositive() {
        int[] rows = listed.places;
        int[] bits = listed.bits;
        gateResults.copyBits(bits);
        int count = 0;
        for (int row = 0; row < up.rows(); row++) {
            rows[count] = row;
            count += -bits[row] >>> 31; // The bits of a number above 0 are an int above 0.
        }
        positive = count;
        dense = count > MOST_LISTED * up.rows();
        sparsity.countGates(up.rows(), count);
    }
}
