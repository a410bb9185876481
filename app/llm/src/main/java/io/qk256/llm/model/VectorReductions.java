package io.qk256.llm.model;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/** The sums with 256-bit vectors, four of which hold the partial sums of a dot product. */
final class VectorReductions extends Reductions {

    private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_256;
    private static final VectorSpecies<Double> DOUBLES = DoubleVector.SPECIES_256;
    private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_256;
    private static final int STEP = FLOATS.length();
    private static final VectorShuffle<Float> SWAP_HALVES = VectorShuffle.fromValues(FLOATS, 4, 5, 6, 7, 0, 1, 2, 3);

    /** If these are wider than the machine's vectors, the JVM allocates them as objects. */
    static boolean areFast() {
        return FloatVector.SPECIES_PREFERRED.vectorBitSize() >= FLOATS.vectorBitSize();
    }

    @Override
    float dot(float[] a, int aAt, float[] b, int bAt, int n) {
        FloatVector sum0 = FloatVector.zero(FLOATS);
        FloatVector sum1 = sum0;
        FloatVector sum2 = sum0;
        FloatVector sum3 = sum0;
        for (int i = 0; i < n; i += LANES) {
            sum0 = sum0.add(FloatVector.fromArray(FLOATS, a, aAt + i).mul(FloatVector.fromArray(FLOATS, b, bAt + i)));
            sum1 = sum1.add(FloatVector.fromArray(FLOATS, a, aAt + i + STEP)
                    .mul(FloatVector.fromArray(FLOATS, b, bAt + i + STEP)));
            sum2 = sum2.add(FloatVector.fromArray(FLOATS, a, aAt + i + 2 * STEP)
                    .mul(FloatVector.fromArray(FLOATS, b, bAt + i + 2 * STEP)));
            sum3 = sum3.add(FloatVector.fromArray(FLOATS, a, aAt + i + 3 * STEP)
                    .mul(FloatVector.fromArray(FLOATS, b, bAt + i + 3 * STEP)));
        }
        FloatVector eight = sum0.add(sum2).add(sum1.add(sum3));
        FloatVector four = eight.add(eight.rearrange(SWAP_HALVES));
        return (four.lane(0) + four.lane(1)) + (four.lane(2) + four.lane(3));
    }

    @Override
    double sumOfSquares(float[] x, int at, int n) {
        DoubleVector low = DoubleVector.zero(DOUBLES);
        DoubleVector high = low;
        for (int i = 0; i < n; i += STEP) {
            FloatVector values = FloatVector.fromArray(FLOATS, x, at + i);
            FloatVector squares = values.mul(values);
            low = low.add(squares.convertShape(VectorOperators.F2D, DOUBLES, 0));
            high = high.add(squares.convertShape(VectorOperators.F2D, DOUBLES, 1));
        }
        DoubleVector four = low.add(high);
        return (four.lane(0) + four.lane(1)) + (four.lane(2) + four.lane(3));
    }

    /** Compares bits: a larger magnitude has larger bits, and NaN the largest. Comparing floats would be slower. */
    @Override
    float absMax(float[] x, int at, int n) {
        IntVector max0 = IntVector.zero(INTS);
        IntVector max1 = max0;
        for (int i = at; i < at + n; i += 2 * STEP) {
            max0 = max0.max(
                    FloatVector.fromArray(FLOATS, x, i).reinterpretAsInts().and(Integer.MAX_VALUE));
            max1 = max1.max(FloatVector.fromArray(FLOATS, x, i + STEP)
                    .reinterpretAsInts()
                    .and(Integer.MAX_VALUE));
        }
        return Float.intBitsToFloat(max0.max(max1).reduceLanes(VectorOperators.MAX));
    }
}
