package io.qk256.tck;

/**
 * How a {@link Problem} lies in memory.
 *
 * @param codes where the codes live
 * @param vectors where the activations live
 * @param scales where the block scales live
 * @param result where the result is written to
 * @param byteOffset distance of the codes and the int8 values from a 64-byte boundary, in bytes
 * @param floatOffset distance of the f32 values from a 64-byte boundary, in values
 * @param rowGap unused bytes between two rows of codes
 * @param padding the codes past the last column: 0 to 3 for all the same, else the seed of random ones
 * @param hostile whether memory around the operands, and gaps between rows, hold NaN and extreme values instead of zeros
 * @param fill what every element of the result holds before the call
 */
record Placement(
        Home codes,
        Home vectors,
        Home scales,
        Home result,
        int byteOffset,
        int floatOffset,
        int rowGap,
        int padding,
        boolean hostile,
        float fill) {

    static final Placement OFF_HEAP = in(Home.OFF_HEAP, Home.OFF_HEAP, Home.OFF_HEAP, Home.OFF_HEAP);
    static final Placement HEAP = in(Home.HEAP, Home.HEAP, Home.HEAP, Home.HEAP);

    static Placement in(Home codes, Home vectors, Home scales, Home result) {
        return new Placement(codes, vectors, scales, result, 0, 0, 0, 0, false, 0);
    }

    Placement withOffsets(int bytes, int floats) {
        return new Placement(codes, vectors, scales, result, bytes, floats, rowGap, padding, hostile, fill);
    }

    Placement withRowGap(int bytes) {
        return new Placement(codes, vectors, scales, result, byteOffset, floatOffset, bytes, padding, hostile, fill);
    }

    Placement withPadding(int codesOrSeed) {
        return new Placement(
                codes, vectors, scales, result, byteOffset, floatOffset, rowGap, codesOrSeed, hostile, fill);
    }

    Placement amidHostileMemory() {
        return new Placement(codes, vectors, scales, result, byteOffset, floatOffset, rowGap, padding, true, fill);
    }

    Placement withFill(float value) {
        return new Placement(codes, vectors, scales, result, byteOffset, floatOffset, rowGap, padding, hostile, value);
    }

    @Override
    public String toString() {
        boolean oneHome = codes == vectors && codes == scales && codes == result;
        return (oneHome
                        ? codes.toString()
                        : "codes " + codes + ", vectors " + vectors + ", scales " + scales + ", result " + result)
                + (byteOffset == 0 ? "" : ", bytes at +" + byteOffset)
                + (floatOffset == 0 ? "" : ", floats at +" + floatOffset)
                + (rowGap == 0 ? "" : ", " + rowGap + " bytes between rows")
                + (padding == 0 ? "" : ", padding " + padding)
                + (hostile ? ", hostile surroundings" : "")
                + (fill == 0 ? "" : ", result filled with " + fill);
    }
}
