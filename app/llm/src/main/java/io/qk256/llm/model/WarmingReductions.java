package io.qk256.llm.model;

import java.lang.foreign.MemorySegment;

/** The sums in plain code until vector code is warm. */
final class WarmingReductions extends Reductions {

    private static final PlainReductions PLAIN = new PlainReductions();

    /** Does not change any more once the warm-up is done. */
    private static volatile Reductions fastest = PLAIN;

    /** Asks for the fastest only now: the answer loads hundreds of classes. */
    static final WarmUp WARM_UP = new WarmUp(() -> {
        Reductions best = Reductions.best();
        best.warmUp();
        fastest = best;
    });

    @Override
    float dot(float[] a, int aAt, float[] b, int bAt, int n) {
        return fastest.dot(a, aAt, b, bAt, n);
    }

    @Override
    void dotsInt8(MemorySegment q, long at, float[] scales, float[] x, float[] out, int outAt, int rows) {
        fastest.dotsInt8(q, at, scales, x, out, outAt, rows);
    }

    @Override
    double sumOfSquares(float[] x, int at, int n) {
        return fastest.sumOfSquares(x, at, n);
    }

    @Override
    float absMax(float[] x, int at, int n) {
        return fastest.absMax(x, at, n);
    }
}
