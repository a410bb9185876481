package io.qk256.tck;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.qk256.spi.F32Vector;
import io.qk256.spi.I8Vector;
import io.qk256.spi.Kernel;
import io.qk256.spi.Qk256Matrix;

/** A correct kernel in small methods, so that a wrong kernel needs to override only one of them. */
class PlainKernel extends Kernel {

    int field(int packed, int place) {
        return packed >> (2 * place) & 3;
    }

    long rowStart(Qk256Matrix w, int row) {
        return row * w.rowStride();
    }

    int code(Qk256Matrix w, int row, int col) {
        return field(w.codes().get(JAVA_BYTE, rowStart(w, row) + col / 4), col % 4);
    }

    float value(Qk256Matrix w, int code) {
        return w.codebook().value(code);
    }

    float groupScale(Qk256Matrix w, int row, int group) {
        return w.groupScale(row, group);
    }

    float weight(Qk256Matrix w, int row, int col) {
        return value(w, code(w, row, col)) * w.scale(row, col / group(w));
    }

    /** The number of weights that share a scale. */
    int group(Qk256Matrix w) {
        return w.group();
    }

    /** The number of columns that products sum over. */
    int columns(Qk256Matrix w) {
        return w.cols();
    }

    float product(float value, float x) {
        return value * x;
    }

    float blockProduct(Qk256Matrix w, F32Vector x, int row, int from, int to) {
        float sum = 0;
        for (int col = from; col < to; col++) {
            sum += product(value(w, code(w, row, col)), x.get(col));
        }
        return sum;
    }

    float rowProduct(Qk256Matrix w, F32Vector x, int row) {
        boolean scaled = w.groupScales().isPresent();
        float sum = 0;
        for (int from = 0; from < columns(w); from += group(w)) {
            int to = Math.min(columns(w), from + group(w));
            float scale = groupScale(w, row, from / group(w)) * (scaled ? w.tensorScale() : 1);
            sum += blockProduct(w, x, row, from, to) * scale;
        }
        return sum * (scaled ? 1 : w.tensorScale());
    }

    int integerProduct(int value, int q) {
        return value * q;
    }

    int integerBlockProduct(Qk256Matrix w, I8Vector x, int row, int from, int to) {
        int sum = 0;
        for (int col = from; col < to; col++) {
            int value = (int) value(w, code(w, row, col));
            sum += integerProduct(value, x.segment().get(JAVA_BYTE, col));
        }
        return sum;
    }

    int multiplier(I8Vector x, int group) {
        return x.multiplier(group);
    }

    /** The sum of a group of weights; activations change their multiplier every 32 values. */
    long integerGroupProduct(Qk256Matrix w, I8Vector x, int row, int from, int to) {
        if (!x.hasMultipliers()) {
            return integerBlockProduct(w, x, row, from, to);
        }
        long sum = 0;
        for (int start = from; start < to; start += I8Vector.GROUP) {
            int end = Math.min(to, start + I8Vector.GROUP);
            sum += (long) integerBlockProduct(w, x, row, start, end) * multiplier(x, start / I8Vector.GROUP);
        }
        return sum;
    }

    /** The lane that a group is added to. */
    int lane(int group) {
        return group % 8;
    }

    double sum(double[] lanes) {
        return ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]));
    }

    float integerRowProduct(Qk256Matrix w, I8Vector x, int row) {
        double[] lanes = new double[8];
        for (int from = 0; from < columns(w); from += group(w)) {
            int to = Math.min(columns(w), from + group(w));
            int group = from / group(w);
            lanes[lane(group)] += (double) integerGroupProduct(w, x, row, from, to) * groupScale(w, row, group);
        }
        return scaled((float) sum(lanes), x.scale(), w.tensorScale());
    }

    float scaled(float sum, float activationScale, float tensorScale) {
        return sum / activationScale * tensorScale;
    }

    void write(F32Vector result, long place, float value) {
        result.set(place, value);
    }

    @Override
    protected void dequantizeRows(Qk256Matrix w, int fromRow, int toRow, F32Vector out) {
        for (int row = fromRow; row < toRow; row++) {
            for (int col = 0; col < w.cols(); col++) {
                write(out, (long) (row - fromRow) * w.cols() + col, weight(w, row, col));
            }
        }
    }

    @Override
    protected void gemvF32Rows(Qk256Matrix w, F32Vector x, int fromRow, int toRow, F32Vector y) {
        for (int row = fromRow; row < toRow; row++) {
            write(y, row, rowProduct(w, x, row));
        }
    }

    @Override
    protected void gemvI8Rows(Qk256Matrix w, I8Vector x, int fromRow, int toRow, F32Vector y) {
        for (int row = fromRow; row < toRow; row++) {
            write(y, row, integerRowProduct(w, x, row));
        }
    }

    @Override
    public String toString() {
        return "plain Java in small parts";
    }
}
