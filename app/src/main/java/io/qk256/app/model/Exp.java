package io.qk256.app.model;

/**
 * The exponential function of f32 numbers, the same to the bit on every machine, which {@link Math#exp} does not promise,
 * and in code that compilers turn into vectors, as {@link StrictMath#exp} is not.
 *
 * <p>{@code e^x = 2^n * e^r}, {@code n} the integer nearest to {@code x / ln 2}, by the Taylor series of {@code e^r} in
 * f64. With {@code |r| <= ln 2 / 2} its first omitted term is below 7e-12, so that the result, rounded to f32 once, is the
 * nearest number for all but few arguments, and one of the two nearest for these.
 */
final class Exp {

    private static final double LOG2_E = 1.4426950408889634;
    private static final double LN_2 = 0.6931471805599453;

    /** Adding it rounds to an integer, which is then in the low bits. */
    private static final double ROUNDER = 0x1.8p52;

    /** Beyond it f32 has only 0 and infinity. */
    private static final double LIMIT = 110;

    private static final int FRACTION_BITS = 52;

    private Exp() {}

    /** {@code e^x}. */
    static float of(float x) {
        double limited = Math.min(Math.max(x, -LIMIT), LIMIT);
        double rounded = limited * LOG2_E + ROUNDER;
        double r = limited - (rounded - ROUNDER) * LN_2;
        double series = 1
                + r
                        * (1
                                + r
                                        * (1 / 2.0
                                                + r
                                                        * (1 / 6.0
                                                                + r
                                                                        * (1 / 24.0
                                                                                + r
                                                                                        * (1 / 120.0
                                                                                                + r
                                                                                                        * (1 / 720.0
                                                                                                                + r
                                                                                                                        * (1
                                                                                                                                        / 5040.0
                                                                                                                                + r
                                                                                                                                        * (1
                                                                                                                                                        / 40320.0
                                                                                                                                                + r
                                                                                                                                                        / 362880.0))))))));
        long power = Double.doubleToRawLongBits(rounded) << FRACTION_BITS;
        return (float) Double.longBitsToDouble(Double.doubleToRawLongBits(series) + power);
    }
}
