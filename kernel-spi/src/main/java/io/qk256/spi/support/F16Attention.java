package io.qk256.spi.support;

import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.ServiceLoader;

/**
 * Causal attention over keys and values in f16, for query heads that share a key/value head:
 * {@code softmax(scale * q . k) . v} over the positions up to each token's own. A program that starts has compiled little
 * Java, and Java has no vectors of f16, so the native kernel provides this as a service. Stateless and thread-safe.
 *
 * <p>Each sum has one defined order, that of the engine's own code, so the results have the same bits. A product with a
 * block has 32 partial sums: dimension {@code d} is added to sum {@code d mod 32}; they are then folded, 32 to 16 to 8 to
 * 4 by adding the upper half to the lower, and the last four as {@code (0 + 1) + (2 + 3)}. Exponentials are in f64, rounded
 * to f32; their sum is f64, in 8 partial sums. Probabilities are rounded to f16. Values are added in the order of
 * positions within a block of {@value #POSITIONS}, and then the sums of the blocks.
 */
public interface F16Attention {

    /** The positions of a block. A block has keys dimension by dimension, or values position by position. */
    int POSITIONS = 32;

    /**
     * Prepares to compute.
     *
     * @param headSize the dimensions of a head
     * @param queries the query heads that share a key/value head, 1 or more
     * @return for one thread at a time; none if this code has no such size of heads
     */
    Optional<Worker> worker(int headSize, int queries);

    /** The pages that hold a text's keys and values, off the heap. */
    @FunctionalInterface
    interface Pages {

        /** The page of this index: of as many positions as a page has, in the order of positions. */
        MemorySegment page(int index);
    }

    /** The code and the memory of a thread. */
    interface Worker {

        /**
         * Computes the attention of consecutive tokens.
         *
         * @param pages alive until this returns
         * @param keysAt where a page's blocks of keys of the layer and head start, in bytes
         * @param valuesAt the same for values
         * @param pageBlocks the blocks of a page, 1 or more
         * @param tokens 1 or more
         * @param firstPosition of the first token, 0 or more
         * @param scale factor of the products, above 0
         * @param x the queries, numbers that f16 can hold: those of the first token start at {@code at}, those of the
         *     next one {@code stride} further
         * @param y receives the results in the same places
         * @throws IllegalArgumentException if a page is too small, closed or on the heap, or a number is too small
         * @throws ArithmeticException if there are more positions than an int can count
         * @throws IndexOutOfBoundsException if an array is too small
         */
        void attend(
                Pages pages,
                long keysAt,
                long valuesAt,
                int pageBlocks,
                int tokens,
                int firstPosition,
                float scale,
                float[] x,
                float[] y,
                int at,
                int stride);
    }

    /** A module that may have such code. */
    interface Source {

        /** The code, unless this machine lacks something. */
        Optional<F16Attention> attention();
    }

    /** Finds code that this machine can use. */
    static Optional<F16Attention> find() {
        return ServiceLoader.load(Source.class, F16Attention.class.getClassLoader()).stream()
                .map(ServiceLoader.Provider::get)
                .flatMap(source -> source.attention().stream())
                .findFirst();
    }
}
