package io.qk256.llm.model;

import io.qk256.gguf.TensorType;
import io.qk256.spi.parallel.RowTask;
import java.lang.foreign.Arena;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/** Makes the head of a model. */
final class Heads {

    private static final int ROWS_AT_ONCE = 1024;

    private Heads() {}

    /**
     * A head.
     *
     * <p>Numbers of Q8_0 are those of the head in 8 bits, so they are only put apart, whichever head is wanted. Unpacking Q6_K for every
     * token would take longer than reading f16, to which it is rounded once: by 2^-11 of a weight, where the type itself rounds
     * by up to 1/64 of the largest.
     *
     * @param arena receives what is converted
     */
    static OutputHead of(HeadType type, Supplier<Reductions> reductions, DenseMatrix weights, Arena arena) {
        if (type == HeadType.INT8 || weights.type() == TensorType.Q8_0) {
            Int8Head head = new Int8Head(reductions, weights.rows(), weights.cols(), arena);
            inParallel(weights.rows(), (from, to) -> head.fill(weights, from, to));
            return head;
        }
        return weights.type() == TensorType.Q6_K
                ? DenseHead.asHalves(reductions, weights, arena)
                : new DenseHead(reductions, weights);
    }

    /** Works on rows with all processors. */
    static void inParallel(int rows, RowTask work) {
        IntStream.range(0, Math.ceilDiv(rows, ROWS_AT_ONCE)).parallel().forEach(part -> {
            int from = part * ROWS_AT_ONCE;
            work.run(from, Math.min(rows, from + ROWS_AT_ONCE));
        });
    }
}
