package io.qk256.tck;

import java.util.Arrays;
import java.util.Locale;

/**
 * What one element of a result must be.
 *
 * @param value the exact result; if it is NaN, any NaN is accepted
 * @param tolerance how far the element may be off; 0 means the same bits
 */
record Expected(double value, double tolerance) {

    /** The tolerance of rules 1 to 10, absolute or relative. */
    private static final double CORE_TOLERANCE = 1e-4;

    /** Smaller than the distance of any two f32 values, but treats 0 and -0 as equal. */
    private static final double SAME_NUMBER = Double.MIN_VALUE;

    /** The same bits. */
    static Expected exactly(float value) {
        return new Expected(value, 0);
    }

    /** The same bits for each of several elements. */
    static Expected[] exactly(float value, int elements) {
        Expected[] all = new Expected[elements];
        Arrays.fill(all, exactly(value));
        return all;
    }

    /** The same number: 0 may have either sign. */
    static Expected number(double value) {
        return new Expected(value, SAME_NUMBER);
    }

    static Expected within(double value, double tolerance) {
        return new Expected(value, tolerance);
    }

    /** The same, but not further off than rules 1 to 10 allow. */
    Expected core() {
        double limit = CORE_TOLERANCE * Math.max(1, Math.abs(value));
        return new Expected(value, Math.min(tolerance, limit));
    }

    boolean accepts(float seen) {
        if (Double.isNaN(value)) {
            return Float.isNaN(seen);
        }
        if (tolerance == 0 || Double.isInfinite(value)) {
            // Comparing the bits of doubles distinguishes -0 from 0; widening keeps all other values distinct.
            return Double.doubleToRawLongBits(seen) == Double.doubleToRawLongBits(value);
        }
        return Math.abs(seen - value) <= tolerance;
    }

    @Override
    public String toString() {
        return tolerance <= SAME_NUMBER
                ? Float.toString((float) value)
                : value + String.format(Locale.ROOT, " +- %.1e", tolerance);
    }
}
