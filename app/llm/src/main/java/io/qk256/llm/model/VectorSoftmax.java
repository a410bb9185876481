package io.qk256.llm.model;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/** The softmax with vectors of the machine's preferred width; no sum crosses lanes, so the width does not matter. */
final class VectorSoftmax extends Softmax {

    private static final VectorSpecies<Double> DOUBLES =
            DoubleVector.SPECIES_PREFERRED.vectorBitSize() <= DoubleVector.SPECIES_512.vectorBitSize()
                    ? DoubleVector.SPECIES_PREFERRED
                    : DoubleVector.SPECIES_512;

    /** As many lanes as the vectors of doubles. */
    private static final VectorSpecies<Float> FLOATS =
            VectorSpecies.of(float.class, VectorShape.forBitSize(DOUBLES.vectorBitSize() / 2));

    private static final int STEP = DOUBLES.length();

    @Override
    float max(float[] row, int at, int n) {
        FloatVector max = FloatVector.broadcast(FLOATS, Float.NEGATIVE_INFINITY);
        for (int i = at; i < at + n; i += STEP) {
            max = max.max(FloatVector.fromArray(FLOATS, row, i));
        }
        return max.reduceLanes(VectorOperators.MAX);
    }

    @Override
    void exponentials(float[] row, int at, int n, float max) {
        for (int i = at; i < at + n; i += STEP) {
            FloatVector x = FloatVector.fromArray(FLOATS, row, i).sub(max);
            exp(x).intoArray(row, i);
        }
    }

    /** Follows {@link Exp#of} step by step. */
    private static FloatVector exp(FloatVector x) {
        DoubleVector exact = (DoubleVector) x.convertShape(VectorOperators.F2D, DOUBLES, 0);
        DoubleVector limited = exact.max(-Exp.LIMIT).min(Exp.LIMIT);
        DoubleVector rounded = limited.mul(Exp.LOG2_E).add(Exp.ROUNDER);
        DoubleVector r = limited.sub(rounded.sub(Exp.ROUNDER).mul(Exp.LN_2));
        DoubleVector series =
                DoubleVector.broadcast(DOUBLES, Exp.TAYLOR_9).mul(r).add(Exp.TAYLOR_8);
        series = series.mul(r).add(Exp.TAYLOR_7);
        series = series.mul(r).add(Exp.TAYLOR_6);
        series = series.mul(r).add(Exp.TAYLOR_5);
        series = series.mul(r).add(Exp.TAYLOR_4);
        series = series.mul(r).add(Exp.TAYLOR_3);
        series = series.mul(r).add(Exp.TAYLOR_2);
        series = series.mul(r).add(1).mul(r).add(1);
        LongVector power = rounded.reinterpretAsLongs().lanewise(VectorOperators.LSHL, Exp.FRACTION_BITS);
        DoubleVector result = series.reinterpretAsLongs().add(power).reinterpretAsDoubles();
        return (FloatVector) result.convertShape(VectorOperators.D2F, FLOATS, 0);
    }
}
