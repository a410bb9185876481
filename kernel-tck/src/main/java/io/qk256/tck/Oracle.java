package io.qk256.tck;

/** The correct results, computed only from the formulas of {@link io.qk256.spi.Kernel}. */
final class Oracle {

    private static final double F32_ROUNDOFF = 0x1p-24;
    private static final double F64_ROUNDOFF = 0x1p-53;

    /** Half of the smallest f32: the most that one product can lose when it is subnormal. */
    private static final double F32_UNDERFLOW = 0x1p-150;

    private static final int WIDE_GROUP = 32;

    private Oracle() {}

    /** {@code value * (groupScale * tensorScale)}, each product rounded to f32. */
    static Expected weight(Problem problem, int row, int col) {
        float scale = problem.tensorScale();
        if (problem.groupScales().isPresent()) {
            scale = problem.groupScale(row, col / problem.group()) * scale;
        }
        return Expected.exactly(problem.value(row, col) * scale);
    }

    /**
     * The sum in f64, in which no product of four f32 values overflows or underflows, and the bound on its distance
     * from an f32 sum. The scales are taken as real factors; the contract's bound counts one rounding for each. Their
     * product comes first, so it alone determines how much an error of a sum is scaled.
     */
    static Expected product(Problem problem, int row) {
        double sum = 0;
        double magnitude = 0;
        double growth = 0;
        CommonUnit unit = new CommonUnit();
        double tensorScale = problem.tensorScale();
        for (int col = 0; col < problem.cols(); col++) {
            double value = problem.value(row, col);
            double groupScale = problem.groupScale(row, col / problem.group());
            double x = problem.x()[col];
            double term = value * x * groupScale * tensorScale;
            sum += term;
            magnitude += Math.abs(term);
            growth += atLeastOne(value) * atLeastOne(x) * atLeastOne(groupScale * tensorScale);
            unit.addTerm(value, x, groupScale, tensorScale);
        }
        if (unit.makesExact(magnitude)) {
            return Expected.number(sum);
        }
        int roundings =
                problem.cols() + (problem.groupScales().isPresent() ? 1 : 0) + (problem.tensorScale() == 1 ? 0 : 1);
        // Twice the f64 error: once for the sum, once for the magnitude that the f32 bound is computed from.
        double relative = gamma(roundings, F32_ROUNDOFF) + 2 * gamma(problem.cols() + 2, F64_ROUNDOFF);
        // A term takes at most three products; each one that underflows is off by F32_UNDERFLOW, times the factors that
        // still follow. The fourth covers the effect of the additions.
        return Expected.within(sum, relative * magnitude + 4 * F32_UNDERFLOW * growth);
    }

    /** Exact integer sums, then the roundings of the contract, in its order. */
    static Expected integerProduct(Problem problem, int row) {
        long sum = 0;
        double[] lanes = new double[8];
        for (int group = 0; group < problem.groups(); group++) {
            long groupSum = integerGroup(problem, row, group);
            sum += groupSum;
            lanes[group % 8] += (double) groupSum * problem.groupScale(row, group);
        }
        double ofLanes =
                ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]));
        float rounded = problem.groupScales().isPresent() ? (float) ofLanes : (float) sum;
        return Expected.exactly(rounded / problem.activationScale() * problem.tensorScale());
    }

    /** The product of a row of 8-bit weights: exact sums of 32, then f64 in the order of the groups. */
    static Expected wideProduct(Problem problem, int row) {
        double sum = 0;
        for (int from = 0; from < problem.cols(); from += WIDE_GROUP) {
            int to = Math.min(problem.cols(), from + WIDE_GROUP);
            long ofGroup = 0;
            for (int col = from; col < to; col++) {
                ofGroup += (long) problem.wideCode(row, col) * problem.q()[col];
            }
            double scale = Float.float16ToFloat(problem.wideScale(row, from / WIDE_GROUP));
            sum += (double) (ofGroup * problem.multiplier(from)) * scale;
        }
        return Expected.exactly((float) sum / problem.activationScale());
    }

    /** The same with int16 activations. */
    static Expected wideProductOfShorts(Problem problem, int row) {
        double sum = 0;
        for (int from = 0; from < problem.cols(); from += WIDE_GROUP) {
            int to = Math.min(problem.cols(), from + WIDE_GROUP);
            long ofGroup = 0;
            for (int col = from; col < to; col++) {
                ofGroup += (long) problem.wideCode(row, col) * problem.shortOf(col);
            }
            sum += ofGroup * (double) Float.float16ToFloat(problem.wideScale(row, from / WIDE_GROUP));
        }
        return Expected.exactly((float) sum / problem.activationScale());
    }

    private static long integerGroup(Problem problem, int row, int group) {
        int from = group * problem.group();
        int to = Math.min(problem.cols(), from + problem.group());
        long sum = 0;
        for (int col = from; col < to; col++) {
            long value = (long) problem.value(row, col);
            sum += value * problem.q()[col] * problem.multiplier(col);
        }
        return sum;
    }

    /** Higham, Accuracy and Stability of Numerical Algorithms, section 3.1. */
    private static double gamma(int roundings, double unit) {
        return roundings * unit / (1 - roundings * unit);
    }

    private static double atLeastOne(double factor) {
        return Math.max(1, Math.abs(factor));
    }
}
