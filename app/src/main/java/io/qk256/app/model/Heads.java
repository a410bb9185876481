package io.qk256.app.model;

import java.lang.foreign.Arena;
import java.util.stream.IntStream;

/** Makes the head of a model. */
final class Heads {

    private static final int ROWS_AT_ONCE = 1024;

    private Heads() {}

    /**
     * A head.
     *
     * @param arena receives what is converted
     */
    static OutputHead of(HeadType type, Reductions reductions, DenseMatrix weights, Arena arena) {
        return switch (type) {
            case STORED -> new DenseHead(reductions, weights);
            case INT8 -> int8(reductions, weights, arena);
        };
    }

    private static Int8Head int8(Reductions reductions, DenseMatrix weights, Arena arena) {
        Int8Head head = new Int8Head(reductions, weights.rows(), weights.cols(), arena);
        IntStream.range(0, Math.ceilDiv(weights.rows(), ROWS_AT_ONCE))
                .parallel()
                .forEach(part -> {
                    int from = part * ROWS_AT_ONCE;
                    head.fill(weights, from, Math.min(weights.rows(), from + ROWS_AT_ONCE));
                });
        return head;
    }
}
