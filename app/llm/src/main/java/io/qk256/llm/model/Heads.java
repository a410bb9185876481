package io.qk256.llm.model;

import io.qk256.gguf.GgufException;
import io.qk256.gguf.Progress;
import io.qk256.gguf.TensorType;
import io.qk256.spi.Qk256Matrix;
import io.qk256.spi.parallel.ParallelTasks;
import io.qk256.spi.parallel.RowTask;
import java.lang.foreign.Arena;
import java.util.function.Supplier;

/** Creates the output head of a model. */
final class Heads {

    private static final int ROWS_AT_ONCE = 1024;

    private Heads() {}

    /**
     * Creates the head of a model from a file, and checks its weights. A head that is converted is checked in the same
     * pass, as reading it takes a large part of the time that a start takes.
     *
     * @param progress receives the progress of a check that takes a pass of its own
     * @throws GgufException if a weight is not finite; the message names the first
     */
    static OutputHead checked(
            HeadType type, Supplier<Reductions> reductions, Weights weights, Arena arena, Progress progress)
            throws GgufException {
        DenseMatrix matrix = weights.output();
        int threads = Runtime.getRuntime().availableProcessors();
        boolean converted = type != HeadType.STORED && matrix.type() != TensorType.Q8_0;
        if (!converted || weights.ternary().containsKey(Weights.OUTPUT)) {
            matrix.requireFinite(threads, progress);
        }
        OutputHead head = of(type, reductions, weights, arena);
        if (!head.isFinite()) {
            matrix.requireFinite(threads, progress);
        }
        return head;
    }

    /** Creates the head of a model. One of 2-bit weights stays as it is, as none is smaller. */
    static OutputHead of(HeadType type, Supplier<Reductions> reductions, Weights weights, Arena arena) {
        Qk256Matrix ternary = weights.ternary().get(Weights.OUTPUT);
        return ternary == null ? of(type, reductions, weights.output(), arena) : new TernaryHead(ternary);
    }

    /**
     * Creates the head of a model without any copy of its weights, and checks them.
     *
     * @throws GgufException if a weight is not finite; the message names the first
     */
    static OutputHead inPlace(Supplier<Reductions> reductions, Weights weights, Progress progress)
            throws GgufException {
        weights.output().requireFinite(Runtime.getRuntime().availableProcessors(), progress);
        Qk256Matrix ternary = weights.ternary().get(Weights.OUTPUT);
        return ternary == null ? new DenseHead(reductions, weights.output()) : new TernaryHead(ternary);
    }

    /**
     * Creates a head of weights that no kernel multiplies.
     *
     * <p>Q8_0 holds the same numbers as the 8-bit head, so its codes and scales are only separated, whichever head is
     * requested. Unpacking the other types of blocks for every token would take longer than reading f16, so they are
     * rounded to f16 once: the error is 2^-11 of a weight, while Q6_K itself rounds by up to 1/64 of the largest weight.
     *
     * @param arena allocates converted weights
     */
    static OutputHead of(HeadType type, Supplier<Reductions> reductions, DenseMatrix weights, Arena arena) {
        if (type == HeadType.SCREENED) {
            ScreenedHead head = new ScreenedHead(weights.rows(), weights.cols(), arena);
            inParallel(weights.rows(), head.filling(weights));
            return head;
        }
        if (type == HeadType.INT8 || weights.type() == TensorType.Q8_0) {
            Int8Head head = new Int8Head(weights.rows(), weights.cols(), arena);
            inParallel(weights.rows(), head.filling(weights));
            return head;
        }
        return switch (weights.type()) {
            case F16, BF16, F32 -> new DenseHead(reductions, weights);
            default -> DenseHead.asHalves(reductions, weights, arena);
        };
    }

    /** Processes rows on all processors. */
    static void inParallel(int rows, RowTask work) {
        int threads = Runtime.getRuntime().availableProcessors();
        ParallelTasks.run(Math.ceilDiv(rows, ROWS_AT_ONCE), threads, part -> {
            int from = part * ROWS_AT_ONCE;
            work.run(from, Math.min(rows, from + ROWS_AT_ONCE));
        });
    }
}
