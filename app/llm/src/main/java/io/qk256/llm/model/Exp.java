package io.qk256.llm.model;

/**
 * The exponential function of f32 numbers. It gives the same bits on every machine, which {@link Math#exp} does not
 * guarantee, and can be vectorized, unlike {@link StrictMath#exp}.
 *
 * <p>{@code e^x = 2^n * e^r}, where {@code n} is the integer nearest to {@code x / ln 2}, and {@code e^r} is a Taylor
 * series in f64. With {@code |r| <= ln 2 / 2} the first omitted term is below 7e-12. The result, rounded to f32 once,
 * is therefore the nearest number for all but a few arguments, and one of the two nearest for those.
 */
final class Exp {

    static final double LOG2_E = 1.4426950408889634;
    static final double LN_2 = 0.6931471805599453;

    /** Adding this rounds to an integer, which is then in the low bits. */
    static final double ROUNDER = 0x1.8p52;

    /** Beyond this magnitude, results are 0 or infinity in f32. */
    static final double LIMIT = 110;

    static final int FRACTION_BITS = 52;

    static final double TAYLOR_2 = 1 / 2.0;
    static final double TAYLOR_3 = 1 / 6.0;
    static final double TAYLOR_4 = 1 / 24.0;
    static final double TAYLOR_5 = 1 / 120.0;
    static final double TAYLOR_6 = 1 / 720.0;
    static final double TAYLOR_7 = 1 / 5040.0;
    static final double TAYLOR_8 = 1 / 40320.0;
    static final double TAYLOR_9 = 1 / 362880.0;

    private Exp() {}

    /** {@code e^x}. */
    static float of(float x) {
        double limited = Math.min(Math.max(x, -LIMIT), LIMIT);
        double rounded = limited * LOG2_E + ROUNDER;
        double r = limited - (rounded - ROUNDER) * LN_2;
        double series = TAYLOR_9 * r + TAYLOR_8;
        series = series * r + TAYLOR_7;
        series = series * r + TAYLOR_6;
        series = series * r + TAYLOR_5;
        series = series * r + TAYLOR_4;
        series = series * r + TAYLOR_3;
        series = series * r + TAYLOR_2;
        series = (series * r + 1) * r + 1;
        long power = Double.doubleToRawLongBits(rounded) << FRACTION_BITS;
        return (float) Double.longBitsToDouble(Double.doubleToRawLongBits(series) + power);
    }
}
