package io.qk256.tck;

import java.util.List;
import java.util.stream.IntStream;

/** Numbers of columns that leave every remainder to vectors and blocks. */
final class Sizes {

    /** Every remainder of vectors to 64 values and the edges of blocks. */
    static final List<Integer> REMAINDERS = IntStream.concat(
                    IntStream.rangeClosed(1, 70),
                    IntStream.of(127, 128, 129, 192, 255, 256, 257, 300, 320, 511, 512, 513, 1000))
            .boxed()
            .toList();

    private Sizes() {}
}
