package io.qk256.tck.bench;

import io.qk256.spi.F32Vector;
import io.qk256.spi.I16Batch;
import io.qk256.spi.I8Batch;
import io.qk256.spi.I8Vector;
import io.qk256.spi.Q8Matrix;
import io.qk256.spi.Qk256Matrix;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Locale;

/** The correct result of one operation, computed directly from the formulas of {@link io.qk256.spi.Kernel}. */
final class Check {

    /** The start of a verdict on a wrong result. */
    static final String WRONG = "WRONG";

    private static final double ROUNDOFF = 0x1p-24;

    private final double[] expected;

    /** How far each element may be off; 0 means the same bits. */
    private final double[] bound;

    private Check(int elements) {
        expected = new double[elements];
        bound = new double[elements];
    }

    static Check dequantize(Qk256Matrix w) {
        Check check = new Check(Math.multiplyExact(w.rows(), w.cols()));
        for (int row = 0; row < w.rows(); row++) {
            for (int col = 0; col < w.cols(); col++) {
                check.expected[row * w.cols() + col] = value(w, row, col) * scale(w, row, col);
            }
        }
        return check;
    }

    static Check gemv(Qk256Matrix w, F32Vector x) {
        float[] factors = x.toArray();
        // Roundings: one for each column, one for the tensor scale, one for a group scale.
        int roundings = w.cols() + (w.hasGroupScales() ? 2 : 1);
        double gamma = roundings * ROUNDOFF / (1 - roundings * ROUNDOFF);
        Check check = new Check(w.rows());
        for (int row = 0; row < w.rows(); row++) {
            double sum = 0;
            double magnitude = 0;
            for (int col = 0; col < w.cols(); col++) {
                double term = (double) value(w, row, col) * factors[col] * scale(w, row, col);
                sum += term;
                magnitude += Math.abs(term);
            }
            check.expected[row] = sum;
            check.bound[row] = gamma * magnitude;
        }
        return check;
    }

    static Check gemm(Qk256Matrix w, I8Batch x) {
        byte[] factors = x.segment().toArray(ValueLayout.JAVA_BYTE);
        Check check = new Check(Math.multiplyExact(x.columns(), w.rows()));
        int[] weights = new int[w.cols()];
        int group = w.hasGroupScales() ? w.group() : w.cols();
        long[] sums = new long[Math.ceilDiv(w.cols(), group)];
        for (int row = 0; row < w.rows(); row++) {
            for (int col = 0; col < w.cols(); col++) {
                weights[col] = (int) value(w, row, col);
            }
            for (int column = 0; column < x.columns(); column++) {
                I8Vector activations = x.column(column);
                Arrays.fill(sums, 0);
                for (int col = 0; col < w.cols(); col++) {
                    int multiplier = x.hasMultipliers() ? activations.multiplier(col / I8Vector.GROUP) : 1;
                    sums[col / group] += (long) weights[col] * factors[column * w.cols() + col] * multiplier;
                }
                check.expected[column * w.rows() + row] = sum(w, row, sums) / activations.scale() * w.tensorScale();
            }
        }
        return check;
    }

    static Check gemm(Q8Matrix w, I8Batch x) {
        byte[] q = x.segment().toArray(ValueLayout.JAVA_BYTE);
        Check check = new Check(Math.multiplyExact(x.columns(), w.rows()));
        long[] factors = new long[w.cols()];
        for (int column = 0; column < x.columns(); column++) {
            I8Vector activations = x.column(column);
            for (int col = 0; col < w.cols(); col++) {
                factors[col] = (long) q[column * w.cols() + col] * activations.multiplier(col / I8Vector.GROUP);
            }
            check.expectProduct(w, factors, activations.scale(), column);
        }
        return check;
    }

    static Check gemm(Q8Matrix w, I16Batch x) {
        short[] q = x.segment().toArray(ValueLayout.JAVA_SHORT);
        Check check = new Check(Math.multiplyExact(x.columns(), w.rows()));
        long[] factors = new long[w.cols()];
        for (int column = 0; column < x.columns(); column++) {
            for (int col = 0; col < w.cols(); col++) {
                factors[col] = q[column * w.cols() + col];
            }
            check.expectProduct(w, factors, x.scale(column), column);
        }
        return check;
    }

    private void expectProduct(Q8Matrix w, long[] factors, float scale, int column) {
        for (int row = 0; row < w.rows(); row++) {
            double sum = 0;
            for (int group = 0; group < w.groups(); group++) {
                long ofGroup = 0;
                int from = group * Q8Matrix.GROUP;
                for (int col = from; col < Math.min(w.cols(), from + Q8Matrix.GROUP); col++) {
                    ofGroup += w.code(row, col) * factors[col];
                }
                sum += (double) ofGroup * w.scale(row, group);
            }
            expected[column * w.rows() + row] = (float) sum / scale;
        }
    }

    /** The scaled sums of the groups of a row, in the prescribed order. */
    private static float sum(Qk256Matrix w, int row, long[] sums) {
        if (!w.hasGroupScales()) {
            return (float) sums[0];
        }
        double[] lanes = new double[8];
        for (int i = 0; i < sums.length; i++) {
            lanes[i % 8] += (double) sums[i] * w.groupScale(row, i);
        }
        double even = (lanes[0] + lanes[4]) + (lanes[2] + lanes[6]);
        double odd = (lanes[1] + lanes[5]) + (lanes[3] + lanes[7]);
        return (float) (even + odd);
    }

    private static float scale(Qk256Matrix w, int row, int col) {
        return w.hasGroupScales() ? w.scale(row, col / w.group()) : w.tensorScale();
    }

    /** {@code bit-exact}, or the largest error relative to its bound, or {@code WRONG} and the place. */
    String verdict(F32Vector seen) {
        double worst = 0;
        boolean exact = true;
        for (int i = 0; i < expected.length; i++) {
            float value = seen.get(i);
            boolean same = Double.doubleToRawLongBits(value) == Double.doubleToRawLongBits(expected[i]);
            double error = Math.abs(value - expected[i]);
            // Written so that a NaN is wrong.
            if (!same && !(bound[i] > 0 && error <= bound[i])) {
                return WRONG + ": element " + i + " is " + value + ", expected " + expected[i]
                        + (bound[i] > 0 ? String.format(Locale.ROOT, " +- %.1e", bound[i]) : "");
            }
            exact &= same;
            worst = Math.max(worst, same ? 0 : error / bound[i]);
        }
        return exact ? "bit-exact" : String.format(Locale.ROOT, "%.4f of bound", worst);
    }

    private static float value(Qk256Matrix w, int row, int col) {
        byte packed = w.codes().get(ValueLayout.JAVA_BYTE, row * w.rowStride() + col / 4);
        return w.codebook().value((packed >> (2 * (col % 4))) & 3);
    }
}
