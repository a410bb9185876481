package io.qk256.tck;

import java.util.List;
import java.util.stream.IntStream;

/** Numbers of columns with every remainder for vectors and blocks, and numbers of rows and int8 columns for groups. */
final class Sizes {

    /** Every remainder of vectors of up to 64 values, and the edges of blocks. */
    static final List<Integer> REMAINDERS = IntStream.concat(
                    IntStream.rangeClosed(1, 70),
                    IntStream.of(127, 128, 129, 192, 255, 256, 257, 300, 320, 511, 512, 513, 1000))
            .boxed()
            .toList();

    /** The edges of vectors of 4 to 64 values, and of blocks. */
    static final List<Integer> TAILS =
            List.of(1, 2, 3, 4, 5, 7, 8, 9, 13, 15, 16, 17, 27, 31, 32, 33, 63, 64, 65, 129, 255, 256, 257, 300, 515);

    /** Numbers of rows, or int8 columns: with and without a remainder for groups of 2 to 64. */
    static final List<Integer> NUMBERS = IntStream.concat(
                    IntStream.rangeClosed(1, 17), IntStream.of(23, 24, 25, 31, 32, 33, 47, 63, 64, 65))
            .boxed()
            .toList();

    private Sizes() {}
}
