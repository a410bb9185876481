package io.qk256.llm.model;

import io.qk256.spi.Kernel;
import java.lang.foreign.Arena;
import java.util.function.Supplier;

/** The output head: computes a logit for each token of the vocabulary. Immutable and thread-safe. */
abstract sealed class OutputHead permits DenseHead, Int8Head, ScreenedHead, TernaryHead {

    /** The bytes of weights read for a decoded token. */
    abstract long bytes();

    /** Whether all weights are finite, as far as the head has been made by looking at each of them. */
    boolean isFinite() {
        return true;
    }

    /**
     * Returns the product for an engine.
     *
     * @param kernel the kernel that multiplies weights of 2 and of 8 bits
     * @param threads the threads that share the rows
     * @param arena allocates what kernels read and write
     */
    abstract HeadProduct product(
            Supplier<Reductions> reductions, Kernel kernel, Crew threads, int vocabulary, Arena arena);
}
