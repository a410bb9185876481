package io.qk256.llm.model;

import io.qk256.spi.Kernel;
import java.lang.foreign.Arena;
import java.util.function.Supplier;

/** An 8-bit head, and a copy of it in 4 bits that tells which rows need not be read. */
final class ScreenedHead extends OutputHead {

    private final Int8Head exact;
    private final CoarseRows coarse;

    /**
     * Creates an empty head, to be {@linkplain #fill filled}.
     *
     * @param arena allocates the codes and scales
     */
    ScreenedHead(int rows, int cols, Arena arena) {
        this.exact = new Int8Head(rows, cols, arena);
        this.coarse = new CoarseRows(rows, cols, arena);
    }

    /** Converts rows {@code [from, to)} as {@link Int8Head#fill} does. */
    void fill(DenseMatrix matrix, int from, int to) {
        exact.fill(matrix, from, to);
        coarse.fill(exact.weights(), from, to);
    }

    /** The copy; the rows read in 8 bits beside it differ from token to token. */
    @Override
    long bytes() {
        return coarse.bytes();
    }

    @Override
    HeadProduct product(Supplier<Reductions> reductions, Kernel kernel, Crew threads, int vocabulary, Arena arena) {
        Int8HeadProduct all = new Int8HeadProduct(reductions, kernel, threads, exact.weights(), arena);
        return new ScreenedHeadProduct(all, exact.weights().rows(), coarse, kernel, threads, arena);
    }

    @Override
    public String toString() {
        return "8 bits, screened with 4";
    }
}
