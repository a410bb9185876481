package io.qk256.llm.model;

import io.qk256.spi.Kernel;
import io.qk256.spi.parallel.RowTask;
import java.lang.foreign.Arena;
import java.util.function.Supplier;

/** An 8-bit head, and a copy of it in 4 bits that tells which rows need not be read. */
final class ScreenedHead extends OutputHead {

    private final Int8Head exact;
    private final CoarseRows coarse;

    /**
     * Creates an empty head, to be {@linkplain #filling filled}.
     *
     * @param arena allocates the codes and scales
     */
    ScreenedHead(int rows, int cols, Arena arena) {
        this.exact = new Int8Head(rows, cols, arena);
        this.coarse = new CoarseRows(rows, cols, arena);
    }

    /** Returns what converts rows, as {@link Int8Head#filling} does. */
    RowTask filling(DenseMatrix matrix) {
        RowTask filling = exact.filling(matrix);
        return (from, to) -> {
            filling.run(from, to);
            coarse.fill(exact.weights(), from, to);
        };
    }

    @Override
    boolean isFinite() {
        return exact.isFinite();
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
