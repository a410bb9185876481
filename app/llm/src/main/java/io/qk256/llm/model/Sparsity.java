package io.qk256.llm.model;

/**
 * Counts how sparse the feed-forward networks of a model with squared ReLU are, wherever a layer computes one token alone, as
 * in decoding. Read it between calls of the engine.
 */
public final class Sparsity {

    private long gates;
    private long positiveGates;
    private long inputs;
    private long inputsNotZero;

    Sparsity() {}

    void countGates(int all, int positive) {
        gates += all;
        positiveGates += positive;
    }

    void countInputs(int all, int notZero) {
        inputs += all;
        inputsNotZero += notZero;
    }

    /** Whether nothing was counted: no token was decoded alone, or the model has another gate function. */
    public boolean isEmpty() {
        return gates == 0;
    }

    /**
     * The share of the gates that are above 0, from 0 to 1. For the others, the rows of the up projections are multiplied by
     * 0 and need not be read.
     */
    public double rowDensity() {
        return share(positiveGates, gates);
    }

    /**
     * The share of the int8 inputs of the down projections that are not 0, from 0 to 1. For the others, the columns are
     * multiplied by 0; they need not be read if there is a copy by columns.
     */
    public double columnDensity() {
        return share(inputsNotZero, inputs);
    }

    private static double share(long part, long all) {
        return all == 0 ? 0 : (double) part / all;
    }
}
