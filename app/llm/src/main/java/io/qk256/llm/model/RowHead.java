package io.qk256.llm.model;

import io.qk256.spi.Kernel;
import java.lang.foreign.Arena;
import java.util.function.Supplier;

/** An output head that is computed row by row in f32. Immutable and thread-safe. */
abstract sealed class RowHead extends OutputHead permits DenseHead, Int8Head {

    /** The least number of rows worth giving to a thread. */
    static final int MIN_ROWS = 64;

    /** Whether the caller must round the state to f16. */
    abstract boolean roundsToHalf();

    /** Computes the logits of the tokens {@code [from, to)}. */
    abstract void rows(float[] x, float[] logits, int from, int to);

    @Override
    HeadProduct product(Supplier<Reductions> reductions, Kernel kernel, Crew threads, int vocabulary, Arena arena) {
        return new RowHeadProduct(this, threads, vocabulary);
    }
}
