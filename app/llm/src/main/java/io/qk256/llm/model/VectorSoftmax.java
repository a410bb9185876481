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

    private static final float LIMIT = (float) Exp.LIMIT;

    private static final int PARTIAL_SUMS = 8;

    private static final VectorSpecies<Float> WIDE = VectorSpecies.of(float.class, DOUBLES.vectorShape());

    @Override
    float max(float[] row, int at, int n) {
        FloatVector max = FloatVector.broadcast(WIDE, Float.NEGATIVE_INFINITY);
        for (int i = at; i < at + n; i += WIDE.length()) {
            max = max.max(FloatVector.fromArray(WIDE, row, i));
        }
        return max.reduceLanes(VectorOperators.MAX);
    }

    /**
     * Follows {@link Exp#of} step by step. A NaN is beyond no limit. The loop is one method: with calls that return
     * vectors, the JVM sometimes allocated these, and took four times as long.
     */
    @Override
    double exponentials(float[] row, int at, int n, float max) {
        DoubleVector sum = DoubleVector.zero(DOUBLES);
        DoubleVector other = sum;
        for (int i = at; i < at + n; i += STEP) {
            FloatVector x = FloatVector.fromArray(FLOATS, row, i).sub(max);
            x = x.blend(-LIMIT, x.compare(VectorOperators.LT, -LIMIT));
            x = x.blend(LIMIT, x.compare(VectorOperators.GT, LIMIT));
            DoubleVector limited = (DoubleVector) x.convertShape(VectorOperators.F2D, DOUBLES, 0);
            DoubleVector rounded = limited.mul(Exp.LOG2_E).add(Exp.ROUNDER);
            DoubleVector r = limited.sub(rounded.sub(Exp.ROUNDER).mul(Exp.LN_2));
            DoubleVector series = r.mul(Exp.TAYLOR_9).add(Exp.TAYLOR_8);
            series = series.mul(r).add(Exp.TAYLOR_7);
            series = series.mul(r).add(Exp.TAYLOR_6);
            series = series.mul(r).add(Exp.TAYLOR_5);
            series = series.mul(r).add(Exp.TAYLOR_4);
            series = series.mul(r).add(Exp.TAYLOR_3);
            series = series.mul(r).add(Exp.TAYLOR_2);
            series = series.mul(r).add(1).mul(r).add(1);
            LongVector power = rounded.reinterpretAsLongs().lanewise(VectorOperators.LSHL, Exp.FRACTION_BITS);
            DoubleVector exact = series.reinterpretAsLongs().add(power).reinterpretAsDoubles();
            FloatVector result = (FloatVector) exact.convertShape(VectorOperators.D2F, FLOATS, 0);
            result.intoArray(row, i);
            DoubleVector more = sum.add(result.convertShape(VectorOperators.F2D, DOUBLES, 0));
            sum = STEP == PARTIAL_SUMS ? more : other;
            other = more;
        }
        if (STEP == PARTIAL_SUMS) {
            return ((sum.lane(0) + sum.lane(4)) + (sum.lane(1) + sum.lane(5)))
                    + ((sum.lane(2) + sum.lane(6)) + (sum.lane(3) + sum.lane(7)));
        }
        DoubleVector four = sum.add(other);
        return (four.lane(0) + four.lane(1)) + (four.lane(2) + four.lane(3));
    }
}
