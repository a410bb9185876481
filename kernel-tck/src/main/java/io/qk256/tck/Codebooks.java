package io.qk256.tck;

import io.qk256.spi.Codebook;
import java.util.List;
import java.util.stream.Stream;

/** Codebooks that a kernel may know, codebooks that resemble a known one, and others. */
final class Codebooks {

    /** Integers that int8 operations accept. Some begin, end or step like a known codebook but differ from it. */
    static final List<Codebook> INTEGERS = List.of(
            Codebook.QK256,
            Codebook.TERNARY,
            new Codebook(-1, 0, 1, 5),
            new Codebook(-1, 0, 1, 1),
            new Codebook(2, 0, 1, -1),
            new Codebook(-2, 1, -1, 2),
            new Codebook(-2, -1, 1, 3),
            new Codebook(-3, -1, 1, 3),
            new Codebook(0, 1, 2, 3),
            new Codebook(0, 1, 5, 6),
            new Codebook(0, 1, 2, 5),
            new Codebook(0, 3, 5, 7),
            new Codebook(2, 1, -1, -2),
            new Codebook(-64, -1, 1, 63),
            new Codebook(63, 62, -63, -64),
            new Codebook(-64, -64, -64, -64),
            new Codebook(5, 5, -5, 5),
            new Codebook(0, 0, 0, 0),
            new Codebook(-0f, 0, -1, 1),
            new Codebook(1, 2, 4, 8));

    /** Other codebooks, for which int8 operations are not defined. */
    static final List<Codebook> OTHERS = List.of(
            new Codebook(-1.5f, -0.5f, 0.5f, 1.5f),
            new Codebook(-1.5f, -0.25f, 0.5f, 1.75f),
            new Codebook(-0.7f, 0.1f, 3.3f, 1e-3f),
            new Codebook(64, -65, 0, 1),
            new Codebook(-1e20f, 1e-20f, 0, 1e20f),
            new Codebook(Float.MIN_VALUE, -Float.MIN_VALUE, Float.MIN_NORMAL, 1));

    static final List<Codebook> ALL =
            Stream.concat(INTEGERS.stream(), OTHERS.stream()).toList();

    private Codebooks() {}
}
