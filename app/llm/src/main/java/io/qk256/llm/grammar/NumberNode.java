package io.qk256.llm.grammar;

import java.math.BigInteger;

/** The rest of a number. */
final class NumberNode extends Node {

    private static final int MAX_EXPONENT_DIGITS = 2;

    private enum Part {
        START,
        SIGN,
        ZERO,
        WHOLE,
        POINT,
        FRACTION,
        E,
        E_SIGN,
        EXPONENT
    }

    private final NumberRange range;
    private final Part part;

    /** Of the present part. */
    private final int count;

    /** What follows is zero, false and not counted for a number without bounds: there it does not matter. */
    private final BigInteger digits;

    private final boolean isNegative;

    NumberNode(NumberRange range) {
        this(range, Part.START, 0, BigInteger.ZERO, false);
    }

    private NumberNode(NumberRange range, Part part, int count, BigInteger digits, boolean isNegative) {
        this.range = range;
        this.part = part;
        this.count = count;
        this.digits = digits;
        this.isNegative = isNegative;
    }

    @Override
    boolean mayEnd() {
        return switch (part) {
            case ZERO, WHOLE -> range.has(isNegative, digits, 0);
            case FRACTION -> range.has(isNegative, digits, count);
            case EXPONENT -> true;
            default -> false;
        };
    }

    @Override
    Node next(int b) {
        int digit = b >= '0' && b <= '9' ? b - '0' : -1;
        return switch (part) {
            case START -> b == '-' && range.hasNegative() ? negative() : first(digit);
            case SIGN -> first(digit);
            case ZERO -> afterWhole(b);
            case WHOLE -> digit >= 0 ? add(Part.WHOLE, digit, count) : afterWhole(b);
            case POINT -> digit >= 0 ? add(Part.FRACTION, digit, 0) : NONE;
            case FRACTION -> digit >= 0 ? add(Part.FRACTION, digit, count) : exponent(b);
            case E -> b == '+' || b == '-' ? at(Part.E_SIGN, 0) : exponentDigit(digit);
            case E_SIGN, EXPONENT -> exponentDigit(digit);
        };
    }

    private Node negative() {
        return new NumberNode(
                range, Part.SIGN, 0, BigInteger.ZERO, range.bounds().isPresent());
    }

    private Node first(int digit) {
        return digit < 0 ? NONE : add(digit == 0 ? Part.ZERO : Part.WHOLE, digit, 0);
    }

    private Node add(Part to, int digit, int before) {
        if (before == NumberRange.MAX_DIGITS) {
            return NONE;
        }
        boolean counts = range.bounds().isPresent();
        BigInteger all = counts ? digits.multiply(BigInteger.TEN).add(BigInteger.valueOf(digit)) : digits;
        int count = before + 1;
        return range.hasNumberFrom(isNegative, all, count, to == Part.FRACTION ? count : -1)
                ? new NumberNode(range, to, count, all, isNegative)
                : NONE;
    }

    private Node afterWhole(int b) {
        if (b == '.' && !range.isInteger() && range.hasNumberFrom(isNegative, digits, 0, 0)) {
            return at(Part.POINT, 0);
        }
        return exponent(b);
    }

    private Node exponent(int b) {
        boolean may = !range.isInteger() && range.bounds().isEmpty();
        return may && (b == 'e' || b == 'E') ? at(Part.E, 0) : NONE;
    }

    private Node exponentDigit(int digit) {
        return digit >= 0 && count < MAX_EXPONENT_DIGITS ? at(Part.EXPONENT, count + 1) : NONE;
    }

    private Node at(Part to, int seen) {
        return new NumberNode(range, to, seen, digits, isNegative);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof NumberNode that
                && part == that.part
                && count == that.count
                && isNegative == that.isNegative
                && digits.equals(that.digits)
                && range.equals(that.range);
    }

    @Override
    public int hashCode() {
        return (digits.hashCode() * 31 + part.hashCode()) * 31 + count;
    }
}
