package io.qk256.tck;

/**
 * Detects sums that no f32 kernel can round, in whatever order it works: all factors are normal numbers, all terms are
 * multiples of one power of two, and the sum of their magnitudes is a small multiple of it. A single lost or wrong term
 * then shows at any width, while an error bound would hide it.
 */
final class CommonUnit {

    /** An f32 holds 24 bits; four of them stay free for kernels that add and subtract an offset. */
    private static final double MOST_UNITS = 0x1p20;

    /** Products of four factors between 2^-30 and 2^30 neither overflow nor underflow. */
    private static final int MAX_EXPONENT = 30;

    private static final int MANTISSA_BITS = 52;

    private int exponent = Integer.MAX_VALUE;
    private boolean ordinary = true;

    /** Adds the product of the factors to the sum. */
    void addTerm(double... factors) {
        int termExponent = 0;
        for (double factor : factors) {
            if (factor == 0) {
                return;
            }
            ordinary &= Math.abs(Math.getExponent(factor)) <= MAX_EXPONENT;
            termExponent += lowestBit(factor);
        }
        exponent = Math.min(exponent, termExponent);
    }

    /** Whether every order of summation returns the same f32. */
    boolean makesExact(double sumOfMagnitudes) {
        return ordinary && exponent != Integer.MAX_VALUE && sumOfMagnitudes <= MOST_UNITS * Math.scalb(1.0, exponent);
    }

    /** The exponent of the largest power of two that divides a normal number. */
    private static int lowestBit(double number) {
        long mantissa = Double.doubleToRawLongBits(number) | 1L << MANTISSA_BITS;
        return Math.getExponent(number) - MANTISSA_BITS + Long.numberOfTrailingZeros(mantissa);
    }
}
