package io.qk256.llm.grammar;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.Optional;

/**
 * The numbers that a schema allows, of those that are written here: at most 20 digits before the point and 20 after it.
 *
 * @param isInteger whether numbers have no point
 * @param bounds empty if every number is allowed; numbers with bounds are written without an exponent
 */
record NumberRange(boolean isInteger, Optional<Bounds> bounds) {

    static final int MAX_DIGITS = 20;

    /** The smallest and the greatest number, themselves allowed. */
    record Bounds(BigDecimal min, BigDecimal max) {}

    /**
     * A range with bounds.
     *
     * @return empty if there is no number in it
     */
    static Optional<NumberRange> of(
            boolean isInteger, Optional<BigDecimal> min, boolean openMin, Optional<BigDecimal> max, boolean openMax) {
        int scale = isInteger ? 0 : MAX_DIGITS;
        BigDecimal step = BigDecimal.ONE.movePointLeft(scale);
        BigDecimal limit = BigDecimal.TEN.pow(MAX_DIGITS).subtract(step);
        BigDecimal first = limit.negate();
        BigDecimal last = limit;
        if (min.isPresent()) {
            BigDecimal bound = min.get().setScale(scale, RoundingMode.CEILING);
            first = first.max(openMin && bound.compareTo(min.get()) == 0 ? bound.add(step) : bound);
        }
        if (max.isPresent()) {
            BigDecimal bound = max.get().setScale(scale, RoundingMode.FLOOR);
            last = last.min(openMax && bound.compareTo(max.get()) == 0 ? bound.subtract(step) : bound);
        }
        return first.compareTo(last) > 0
                ? Optional.empty()
                : Optional.of(new NumberRange(isInteger, Optional.of(new Bounds(first, last))));
    }

    /** Any number that begins with these digits, and has no more before the point if {@code decimals} are given. */
    boolean hasNumberFrom(boolean isNegative, BigInteger digits, int count, int decimals) {
        if (bounds.isEmpty()) {
            return true;
        }
        BigDecimal step = BigDecimal.ONE.movePointLeft(isInteger ? 0 : MAX_DIGITS);
        if (decimals >= 0) {
            BigDecimal first = new BigDecimal(digits, decimals);
            return overlaps(
                    isNegative,
                    first,
                    first.add(BigDecimal.ONE.movePointLeft(decimals)).subtract(step));
        }
        // Zero is the only number that begins with the digit zero.
        int more = digits.signum() == 0 ? 0 : MAX_DIGITS - count;
        for (int i = 0; i <= more; i++) {
            BigDecimal first = new BigDecimal(digits).movePointRight(i);
            BigDecimal end = new BigDecimal(digits.add(BigInteger.ONE)).movePointRight(i);
            if (overlaps(isNegative, first, end.subtract(step))) {
                return true;
            }
        }
        return false;
    }

    /** Whether there are numbers less than zero. */
    boolean hasNegative() {
        return bounds.isEmpty() || bounds.get().min().signum() < 0;
    }

    /** Whether this number is one of them. */
    boolean has(boolean isNegative, BigInteger digits, int decimals) {
        BigDecimal value = new BigDecimal(digits, Math.max(0, decimals));
        return bounds.isEmpty() || overlaps(isNegative, value, value);
    }

    private boolean overlaps(boolean isNegative, BigDecimal first, BigDecimal last) {
        Bounds in = bounds.orElseThrow();
        BigDecimal min = isNegative ? last.negate() : first;
        BigDecimal max = isNegative ? first.negate() : last;
        return min.compareTo(in.max()) <= 0 && max.compareTo(in.min()) >= 0;
    }
}
