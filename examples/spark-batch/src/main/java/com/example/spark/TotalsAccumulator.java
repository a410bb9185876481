package com.example.spark;

import org.apache.spark.util.AccumulatorV2;

/** Sums rows over all tasks. Spark counts each part of the output once, however often it was tried. */
final class TotalsAccumulator extends AccumulatorV2<Result, Totals> {

    private static final long serialVersionUID = 1;

    private Totals totals = new Totals();

    @Override
    public boolean isZero() {
        return totals.isEmpty();
    }

    @Override
    public AccumulatorV2<Result, Totals> copy() {
        TotalsAccumulator copy = new TotalsAccumulator();
        copy.totals = totals.copy();
        return copy;
    }

    @Override
    public void reset() {
        totals = new Totals();
    }

    void begin() {
        totals.begin();
    }

    @Override
    public void add(Result result) {
        totals.add(result);
    }

    @Override
    public void merge(AccumulatorV2<Result, Totals> other) {
        totals.add(other.value());
    }

    @Override
    public Totals value() {
        return totals;
    }
}
