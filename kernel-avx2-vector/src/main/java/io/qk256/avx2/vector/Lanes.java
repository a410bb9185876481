package io.qk256.avx2.vector;

import io.qk256.spi.Codebook;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/** The vector shapes of this kernel: 256 bits, whatever the machine prefers. */
final class Lanes {

    static final int BITS = VectorShape.S_256_BIT.vectorBitSize();

    static final VectorSpecies<Integer> INTS = IntVector.SPECIES_256;
    static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_256;
    static final VectorSpecies<Short> SHORTS = ShortVector.SPECIES_256;

    /** Bytes of a vector. */
    static final int BYTES = BITS / Byte.SIZE;

    /** Weights whose codes fill one vector. */
    static final int WEIGHTS = BYTES * 4;

    /** The order of bytes in the format, whatever the machine's. */
    static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;

    private static final VectorShuffle<Float> SWAP_HALVES = VectorShuffle.fromValues(FLOATS, 4, 5, 6, 7, 0, 1, 2, 3);
    private static final VectorShuffle<Float> SWAP_PAIRS = VectorShuffle.fromValues(FLOATS, 2, 3, 0, 1, 6, 7, 4, 5);

    private Lanes() {}

    static int widestIntVectorBits() {
        return IntVector.SPECIES_PREFERRED.vectorBitSize();
    }

    /**
     * Four floats, twice: an index of three bits then means the same as its low two, and no mask is needed.
     *
     * @return the bits of the floats
     */
    static IntVector table(float v0, float v1, float v2, float v3) {
        int b0 = Float.floatToRawIntBits(v0);
        int b1 = Float.floatToRawIntBits(v1);
        int b2 = Float.floatToRawIntBits(v2);
        int b3 = Float.floatToRawIntBits(v3);
        return IntVector.fromArray(INTS, new int[] {b0, b1, b2, b3, b0, b1, b2, b3}, 0);
    }

    /** The values of a codebook. */
    static IntVector table(Codebook codebook) {
        return table(codebook.value0(), codebook.value1(), codebook.value2(), codebook.value3());
    }

    /** The values of a codebook times a scale, each rounded once. */
    static IntVector table(Codebook codebook, float scale) {
        return table(
                codebook.value0() * scale,
                codebook.value1() * scale,
                codebook.value2() * scale,
                codebook.value3() * scale);
    }

    /**
     * The sum of all lanes in a fixed order, which {@code reduceLanes} does not promise: the interpreter and the
     * compiled code must give the same bits.
     */
    static float sum(FloatVector v) {
        FloatVector halves = v.add(v.rearrange(SWAP_HALVES));
        FloatVector pairs = halves.add(halves.rearrange(SWAP_PAIRS));
        return pairs.lane(0) + pairs.lane(1);
    }
}
