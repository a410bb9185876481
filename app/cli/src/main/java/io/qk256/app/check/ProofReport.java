package io.qk256.app.check;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The result of a proof. Everything but the speed is the same in every run.
 *
 * @param checks one per matrix, in the order of the run
 * @param skipped tensors that were not checked, by type
 * @param seed the seed of the pseudo-random activations
 * @param speed how fast the kernel was; empty if it was wrong, because its speed then means nothing
 */
public record ProofReport(List<Check> checks, List<Skipped> skipped, long seed, Optional<Speed> speed) {

    /** A report. */
    public ProofReport {
        checks = List.copyOf(checks);
        skipped = List.copyOf(skipped);
    }

    /**
     * What was compared on one matrix, or, as a {@linkplain #groups() sum}, on several.
     *
     * @param group where the matrix comes from
     * @param what the matrix
     * @param weights number of dequantized weights, compared bit for bit
     * @param exactProducts number of int8 dot products, compared bit for bit
     * @param boundedProducts number of f32 dot products, compared with a sum in f64
     * @param largestError the largest error of an f32 dot product
     * @param largestErrorOfBound the largest such error as a fraction of what the contract allows; above 1 is wrong
     * @param wrong how many comparisons failed
     * @param failures the first failures
     */
    public record Check(
            String group,
            String what,
            long weights,
            long exactProducts,
            long boundedProducts,
            double largestError,
            double largestErrorOfBound,
            long wrong,
            List<Failure> failures) {

        /** A check. */
        public Check {
            failures = List.copyOf(failures);
        }

        /** Whether all comparisons were right. */
        public boolean passed() {
            return wrong == 0;
        }

        private Check plus(Check other, String newWhat) {
            List<Failure> both = new ArrayList<>(failures);
            both.addAll(other.failures);
            return new Check(
                    group,
                    newWhat,
                    weights + other.weights,
                    exactProducts + other.exactProducts,
                    boundedProducts + other.boundedProducts,
                    Math.max(largestError, other.largestError),
                    Math.max(largestErrorOfBound, other.largestErrorOfBound),
                    wrong + other.wrong,
                    both);
        }
    }

    /**
     * A comparison that failed.
     *
     * @param what the matrix
     * @param operation the operation of the kernel
     * @param row the row; empty if the operation failed as a whole
     * @param col the column of a dequantized weight; empty otherwise
     * @param seen the kernel's value
     * @param expected the expected value
     */
    public record Failure(
            String what, String operation, OptionalInt row, OptionalInt col, String seen, String expected) {

        /** One line of text. */
        @Override
        public String toString() {
            return what + ", " + operation
                    + (row.isPresent() ? ", row " + row.getAsInt() : "")
                    + (col.isPresent() ? ", column " + col.getAsInt() : "")
                    + ": " + seen + ", expected " + expected;
        }
    }

    /**
     * Tensors that were not checked.
     *
     * @param type their type
     * @param tensors how many
     * @param why the reason
     */
    public record Skipped(String type, int tensors, String why) {}

    /**
     * A rough measurement of the kernel's speed: one thread, one matrix over and over, for a fraction of a second. For exact
     * figures, run the benchmark.
     *
     * @param what the matrix
     * @param dequantize dequantized weights per second
     * @param gemvF32 weights per second in f32 GEMV
     * @param gemvI8 weights per second in int8 GEMV
     */
    public record Speed(String what, double dequantize, double gemvF32, double gemvI8) {}

    /** Whether all comparisons were right. */
    public boolean passed() {
        return checks.stream().allMatch(Check::passed);
    }

    /** One sum per group, in the order of the run; {@code what} says how many matrices it covers. */
    public List<Check> groups() {
        Map<String, List<Check>> byGroup = new LinkedHashMap<>();
        checks.forEach(check -> byGroup.computeIfAbsent(check.group(), group -> new ArrayList<>())
                .add(check));
        List<Check> sums = new ArrayList<>();
        byGroup.forEach((group, parts) -> sums.add(sum(group, parts)));
        return sums;
    }

    /** The sum of all checks. */
    public Check total() {
        return sum("total", checks);
    }

    private static Check sum(String group, Collection<Check> parts) {
        String what = parts.size() == 1 ? "1 matrix" : parts.size() + " matrices";
        Check sum = new Check(group, what, 0, 0, 0, 0, 0, 0, List.of());
        return parts.stream().reduce(sum, (a, b) -> a.plus(b, what));
    }
}
