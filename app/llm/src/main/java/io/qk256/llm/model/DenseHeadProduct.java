package io.qk256.llm.model;

import io.qk256.spi.parallel.RowTask;

/** The product of a head that is computed row by row in f32. For one thread at a time. */
final class DenseHeadProduct extends HeadProduct {

    private final DenseHead head;
    private final Crew threads;
    private final int vocabulary;
    private final RowTask rows = this::rows;
    private float[][] states = {};
    private float[][] logits = {};
    private int columns;

    DenseHeadProduct(DenseHead head, Crew threads, int vocabulary) {
        this.head = head;
        this.threads = threads;
        this.vocabulary = vocabulary;
    }

    @Override
    void apply(float[][] newStates, float[][] newLogits, int newColumns) {
        states = newStates;
        logits = newLogits;
        columns = newColumns;
        if (head.roundsToHalf()) {
            for (int column = 0; column < columns; column++) {
                Half.round(states[column], 0, states[column].length);
            }
        }
        threads.forRows(vocabulary, DenseHead.MIN_ROWS, rows);
    }

    /** Computes some rows for all columns before the next rows, so that each row is read from memory once. */
    private void rows(int from, int to) {
        if (columns == 1) {
            head.rows(states[0], logits[0], from, to);
            return;
        }
        for (int first = from; first < to; first += DenseHead.MIN_ROWS) {
            int end = Math.min(first + DenseHead.MIN_ROWS, to);
            for (int column = 0; column < columns; column++) {
                head.rows(states[column], logits[column], first, end);
            }
        }
    }
}
