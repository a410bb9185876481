package io.qk256.llm.model;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * The sums with 512-bit vectors, two of which hold the partial sums of a dot product. On a Zen 4 they compute the 8-bit
 * head some 18 % faster than {@link VectorReductions} from the cache, and 3 to 31 % from memory; docs/performance.md
 * has the measurement.
 */
final class WideVectorReductions extends Reductions {

    private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_512;
    private static final VectorSpecies<Double> DOUBLES = DoubleVector.SPECIES_512;
    private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_512;
    private static final VectorSpecies<Byte> BYTES = ByteVector.SPECIES_128;
    private static final VectorSpecies<Float> EIGHT = FloatVector.SPECIES_256;
    private static final int STEP = FLOATS.length();
    private static final VectorShuffle<Float> SWAP_EIGHTS =
            VectorShuffle.fromOp(FLOATS, lane -> (lane + FLOATS.length() / 2) % FLOATS.length());
    private static final VectorShuffle<Float> SWAP_FOURS =
            VectorShuffle.fromOp(FLOATS, lane -> (lane + FLOATS.length() / 4) % FLOATS.length());

    /** If these are wider than the machine's vectors, the JVM allocates them as objects. */
    static boolean areFast() {
        return FloatVector.SPECIES_PREFERRED.vectorBitSize() >= FLOATS.vectorBitSize();
    }

    @Override
    float dot(float[] a, int aAt, float[] b, int bAt, int n) {
        FloatVector low = FloatVector.zero(FLOATS);
        FloatVector high = low;
        for (int i = 0; i < n; i += LANES) {
            low = low.add(product(a, aAt + i, b, bAt + i));
            high = high.add(product(a, aAt + i + STEP, b, bAt + i + STEP));
        }
        return fold(low.add(high));
    }

    private static FloatVector product(float[] a, int aAt, float[] b, int bAt) {
        return FloatVector.fromArray(FLOATS, a, aAt).mul(FloatVector.fromArray(FLOATS, b, bAt));
    }

    @Override
    void dotsInt8(MemorySegment q, long at, float[] scales, float[] x, float[] out, int outAt, int rows) {
        for (int row = 0; row < rows; row++) {
            int first = row * x.length;
            out[outAt + row] = dotInt8(q, at + first, scales, first / LANES, x);
        }
    }

    private static float dotInt8(MemorySegment q, long at, float[] scales, int scalesAt, float[] x) {
        MemorySegment codes = offHeap(q);
        FloatVector sum = FloatVector.zero(FLOATS);
        for (int i = 0; i < x.length; i += LANES) {
            FloatVector products = int8Product(codes, at + i, x, i).add(int8Product(codes, at + i + STEP, x, i + STEP));
            sum = sum.add(products.mul(scales[scalesAt + i / LANES]));
        }
        return fold(sum);
    }

    private static FloatVector int8Product(MemorySegment q, long at, float[] x, int i) {
        FloatVector codes = (FloatVector) ByteVector.fromMemorySegment(BYTES, q, at, ByteOrder.LITTLE_ENDIAN)
                .convertShape(VectorOperators.B2F, FLOATS, 0);
        return codes.mul(FloatVector.fromArray(FLOATS, x, i));
    }

    private static float fold(FloatVector sixteen) {
        FloatVector eight = sixteen.add(sixteen.rearrange(SWAP_EIGHTS));
        FloatVector four = eight.add(eight.rearrange(SWAP_FOURS));
        return (four.lane(0) + four.lane(1)) + (four.lane(2) + four.lane(3));
    }

    @Override
    double sumOfSquares(float[] x, int at, int n) {
        DoubleVector eight = DoubleVector.zero(DOUBLES);
        for (int i = 0; i < n; i += EIGHT.length()) {
            FloatVector values = FloatVector.fromArray(EIGHT, x, at + i);
            eight = eight.add(values.mul(values).convertShape(VectorOperators.F2D, DOUBLES, 0));
        }
        return ((eight.lane(0) + eight.lane(4)) + (eight.lane(1) + eight.lane(5)))
                + ((eight.lane(2) + eight.lane(6)) + (eight.lane(3) + eight.lane(7)));
    }

    /** Compares bits: a larger magnitude has larger bits, and NaN the largest. Comparing floats would be slower. */
    @Override
    float absMax(float[] x, int at, int n) {
        IntVector max0 = IntVector.zero(INTS);
        IntVector max1 = max0;
        for (int i = at; i < at + n; i += 2 * STEP) {
            max0 = max0.max(magnitudes(x, i));
            max1 = max1.max(magnitudes(x, i + STEP));
        }
        return Float.intBitsToFloat(max0.max(max1).reduceLanes(VectorOperators.MAX));
    }

    private static IntVector magnitudes(float[] x, int at) {
        return FloatVector.fromArray(FLOATS, x, at).reinterpretAsInts().and(Integer.MAX_VALUE);
    }
}
