package io.qk256.llm.model;

import io.qk256.spi.Kernel;
import java.lang.foreign.Arena;
import java.util.function.Supplier;

/**
 * The output head with the weights of the file, exactly. For f16 it computes as ggml does: the state is rounded to f16,
 * so every product is exact. For bf16 and f32 the state stays f32; ggml would round it to the 8 bits of bf16.
 */
final class DenseHead extends OutputHead {

    /** The least number of rows worth giving to a thread. */
    static final int MIN_ROWS = 64;

    private final Supplier<Reductions> reductions;
    private final DenseMatrix weights;
    private final String name;
    private final ScratchPool<DenseMatrix.Reader> readers;

    DenseHead(Supplier<Reductions> reductions, DenseMatrix weights) {
        this(reductions, weights, weights.type().name());
    }

    private DenseHead(Supplier<Reductions> reductions, DenseMatrix weights, String name) {
        this.reductions = reductions;
        this.weights = weights;
        this.name = name;
        this.readers = new ScratchPool<>(() -> weights.reader(1));
    }

    /**
     * Returns a head that converts weights to f16, for types too slow to decode for every token.
     *
     * @param arena allocates the f16 weights
     */
    static DenseHead asHalves(Supplier<Reductions> reductions, DenseMatrix weights, Arena arena) {
        return new DenseHead(reductions, weights.toHalves(arena), weights.type() + " as F16");
    }

    /** Whether the caller must round the state to f16. */
    boolean roundsToHalf() {
        return weights.isHalf();
    }

    @Override
    long bytes() {
        return weights.bytes();
    }

    @Override
    HeadProduct product(Supplier<Reductions> sums, Kernel kernel, Crew threads, int vocabulary, Arena arena) {
        return new DenseHeadProduct(this, threads, vocabulary);
    }

    /** Computes the logits of the tokens {@code [from, to)}. */
    void rows(float[] x, float[] logits, int from, int to) {
        Reductions sums = reductions.get();
        DenseMatrix.Reader reader = readers.take();
        for (int row = from; row < to; row++) {
            reader.read(row, 1);
            logits[row] = sums.dot(reader.values, 0, x, 0, weights.cols());
        }
        readers.giveBack(reader);
    }

    @Override
    public String toString() {
        return name;
    }
}
