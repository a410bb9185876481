package io.qk256.avx2.vector;

import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * The vector shapes of this kernel: 256 bits, whatever the machine prefers.
 *
 * <p>No method takes or returns a vector. The compiler may not inline it, in some JVMs and not in others (it was compiled
 * on its own first, or its caller has grown too large), and then each call allocates its vectors. Arrays, segments and
 * numbers can be passed at no cost.
 */
final class Lanes {

    static final int BITS = VectorShape.S_256_BIT.vectorBitSize();

    static final VectorSpecies<Integer> INTS = IntVector.SPECIES_256;
    static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_256;
    static final VectorSpecies<Short> SHORTS = ShortVector.SPECIES_256;

    /** Bytes in a vector. */
    static final int BYTES = BITS / Byte.SIZE;

    /** Weights whose codes fill one vector. */
    static final int WEIGHTS = BYTES * 4;

    /** The byte order of the format, whatever the machine's is. */
    static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;

    private static final VectorShuffle<Float> SWAP_HALVES = VectorShuffle.fromValues(FLOATS, 4, 5, 6, 7, 0, 1, 2, 3);
    private static final VectorShuffle<Float> SWAP_PAIRS = VectorShuffle.fromValues(FLOATS, 2, 3, 0, 1, 6, 7, 4, 5);

    private Lanes() {}

    static int widestIntVectorBits() {
        return IntVector.SPECIES_PREFERRED.vectorBitSize();
    }

    /**
     * Adds the lanes of a vector in an array in a fixed order, which {@code reduceLanes} does not guarantee: interpreted and compiled code must
     * return the same bits.
     */
    static float sum(float[] lanes, int at) {
        FloatVector v = FloatVector.fromArray(FLOATS, lanes, at);
        FloatVector halves = v.add(v.rearrange(SWAP_HALVES));
        FloatVector pairs = halves.add(halves.rearrange(SWAP_PAIRS));
        return pairs.lane(0) + pairs.lane(1);
    }
}
