package io.qk256.app.check;

import io.qk256.app.check.ProofReport.Check;
import io.qk256.app.check.ProofReport.Failure;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.Supplier;

/** Counts the comparisons on one matrix and keeps the first failures. */
final class Tally {

    private static final int KEPT_FAILURES = 5;

    private final String group;
    private final String what;
    private final List<Failure> failures = new ArrayList<>();
    private long weights;
    private long exactProducts;
    private long boundedProducts;
    private double largestError;
    private double largestErrorOfBound;
    private long wrong;

    Tally(String group, String what) {
        this.group = group;
        this.what = what;
    }

    /** Compares the dequantized weights of a row bit for bit. */
    void weights(String operation, int row, float[] seen, float[] expected) {
        weights += expected.length;
        for (int col = 0; col < expected.length; col++) {
            float wanted = expected[col];
            if (!sameBits(seen[col], wanted)) {
                fail(operation, row, OptionalInt.of(col), seen[col], () -> Float.toString(wanted));
            }
        }
    }

    /** Compares an int8 product bit for bit. */
    void exactProduct(String operation, int row, float seen, float expected) {
        exactProducts++;
        if (!sameBits(seen, expected)) {
            fail(operation, row, OptionalInt.empty(), seen, () -> Float.toString(expected));
        }
    }

    /** Compares an f32 product with the true value, within the error that the contract allows. */
    void boundedProduct(String operation, int row, float seen, double expected, double bound) {
        boundedProducts++;
        double error = Math.abs(seen - expected);
        double ofBound = error == 0 ? 0 : error / bound;
        if (ofBound <= 1) {
            largestError = Math.max(largestError, error);
            largestErrorOfBound = Math.max(largestErrorOfBound, ofBound);
            return;
        }
        largestError = worse(largestError, error);
        largestErrorOfBound = worse(largestErrorOfBound, ofBound);
        fail(operation, row, OptionalInt.empty(), seen, () -> (float) expected + " ± " + (float) bound);
    }

    /** Records that an operation gave no result to compare. */
    void failed(String operation, String seen, String expected) {
        wrong++;
        if (failures.size() < KEPT_FAILURES) {
            failures.add(new Failure(what, operation, OptionalInt.empty(), OptionalInt.empty(), seen, expected));
        }
    }

    Check check() {
        return new Check(
                group,
                what,
                weights,
                exactProducts,
                boundedProducts,
                largestError,
                largestErrorOfBound,
                wrong,
                failures);
    }

    /** Millions of comparisons can fail, so text is built only for those that are kept. */
    private void fail(String operation, int row, OptionalInt col, float seen, Supplier<String> expected) {
        wrong++;
        if (failures.size() < KEPT_FAILURES) {
            failures.add(new Failure(what, operation, OptionalInt.of(row), col, Float.toString(seen), expected.get()));
        }
    }

    private static boolean sameBits(float a, float b) {
        return Float.floatToRawIntBits(a) == Float.floatToRawIntBits(b);
    }

    /** A NaN counts as an infinite error. */
    private static double worse(double a, double b) {
        return Double.isNaN(b) ? Double.POSITIVE_INFINITY : Math.max(a, b);
    }
}
