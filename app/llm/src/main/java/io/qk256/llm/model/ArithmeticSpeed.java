package io.qk256.llm.model;

import io.qk256.spi.parallel.ParallelKernel;
import io.qk256.spi.parallel.RowTask;
import java.util.OptionalDouble;
import java.util.concurrent.atomic.DoubleAdder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** How many f32 multiply-adds this machine computes in a second if it does nothing else: the limit of attention. */
public final class ArithmeticSpeed {

    private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;
    private static final int VECTORS = 12;
    private static final int ROUNDS = 1000;
    private static final int PARTS = 64;
    private static final long NANOS = 500_000_000;

    private ArithmeticSpeed() {}

    /**
     * Measures for half a second, much of which the JVM may need to compile.
     *
     * @param threads the threads that compute
     * @return multiply-adds per second of all threads together; empty if this JVM has no fast vectors
     */
    public static OptionalDouble measure(ParallelKernel threads) {
        if (!Reductions.vectorsAreFast()) {
            return OptionalDouble.empty();
        }
        DoubleAdder used = new DoubleAdder(); // Otherwise the compiler would remove the computation.
        RowTask task = (from, to) -> {
            for (int part = from; part < to; part++) {
                used.add(compute(1e-9f));
            }
        };
        int parts = PARTS * threads.threads();
        long best = Long.MAX_VALUE;
        long start = System.nanoTime();
        while (System.nanoTime() - start < NANOS) {
            long before = System.nanoTime();
            threads.forRows(parts, 1, task);
            best = Math.min(best, System.nanoTime() - before);
        }
        return OptionalDouble.of((double) parts * ROUNDS * VECTORS * FLOATS.length() * 1e9 / best);
    }

    /** Sums that do not depend on each other, all in registers. */
    private static float compute(float x) {
        FloatVector factor = FloatVector.broadcast(FLOATS, x);
        FloatVector sum0 = factor;
        FloatVector sum1 = factor;
        FloatVector sum2 = factor;
        FloatVector sum3 = factor;
        FloatVector sum4 = factor;
        FloatVector sum5 = factor;
        FloatVector sum6 = factor;
        FloatVector sum7 = factor;
        FloatVector sum8 = factor;
        FloatVector sum9 = factor;
        FloatVector sum10 = factor;
        FloatVector sum11 = factor;
        for (int i = 0; i < ROUNDS; i++) {
            sum0 = sum0.fma(factor, factor);
            sum1 = sum1.fma(factor, factor);
            sum2 = sum2.fma(factor, factor);
            sum3 = sum3.fma(factor, factor);
            sum4 = sum4.fma(factor, factor);
            sum5 = sum5.fma(factor, factor);
            sum6 = sum6.fma(factor, factor);
            sum7 = sum7.fma(factor, factor);
            sum8 = sum8.fma(factor, factor);
            sum9 = sum9.fma(factor, factor);
            sum10 = sum10.fma(factor, factor);
            sum11 = sum11.fma(factor, factor);
        }
        FloatVector low = sum0.add(sum1).add(sum2).add(sum3).add(sum4).add(sum5);
        return low.add(sum6).add(sum7).add(sum8).add(sum9).add(sum10).add(sum11).lane(0);
    }
}
