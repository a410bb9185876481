package io.qk256.app.fuzz;

import io.qk256.spi.F32Vector;
import io.qk256.spi.I16Batch;
import io.qk256.spi.I8Vector;
import io.qk256.spi.IndexList;
import io.qk256.spi.Operation;
import io.qk256.spi.Q8Matrix;
import io.qk256.spi.Qk256Matrix;
import io.qk256.spi.ScaleType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.IntUnaryOperator;

/** Computes what the contract says, weight by weight; shares no code with a kernel. */
final class PlainMath {

    private static final double ROUNDOFF = 0x1p-24;

    /** Half of the smallest f32, for each product within a term: the loss from underflow. */
    private static final double UNDERFLOW = 4 * 0x1p-150;

    /** Below this, no partial sum overflows, whatever the order of multiplication. */
    private static final double NO_OVERFLOW = 1e37;

    private PlainMath() {}

    /** Throws if one of the first values of the result is wrong, or if a value outside the result has changed. */
    static void check(Operands o, float[] before) {
        float[] after = o.y().slice(0, before.length).toArray();
        int rows = o.rows();
        long values = Operands.resultLength(o.operation(), rows, o.cols(), o.fromRow(), o.toRow(), o.columns());
        for (int i = 0; i < after.length; i++) {
            boolean decoding = o.operation() == Operation.DEQUANTIZE;
            int row = decoding || rows == 0 ? o.fromRow() + i / o.cols() : i % rows;
            boolean inRange = i < values && row >= o.fromRow() && row < o.toRow() && o.isListed(row);
            if (!inRange) {
                require(same(after[i], before[i]), i, after[i], before[i] + ", as before");
                continue;
            }
            switch (o.operation()) {
                case DEQUANTIZE -> {
                    int col = i % o.w().cols();
                    float expected = value(o.w(), row, col) * scale(o.w(), row, col / o.w().group());
                    require(same(after[i], expected), i, after[i], String.valueOf(expected));
                }
                case GEMV_F32 -> checkF32(o.w(), o.x(), row, after[i]);
                case GEMV_I8, GEMV_LISTED -> {
                    float expected = int8(o.w(), o.q(), row);
                    require(same(after[i], expected), i, after[i], String.valueOf(expected));
                }
                case GEMM_I8 -> {
                    float expected = int8(o.w(), o.batch().column(i / rows), row);
                    require(same(after[i], expected), i, after[i], String.valueOf(expected));
                }
                case GEMV_TRANSPOSED -> {
                    float expected = transposed(o.w(), o.q(), o.listed(), row);
                    require(same(after[i], expected), i, after[i], String.valueOf(expected));
                }
                case GEMM_Q8 -> {
                    float expected = o.shorts() == null
                            ? q8(o.wide(), o.batch().column(i / rows), row)
                            : q8(o.wide(), o.shorts(), i / rows, row);
                    require(same(after[i], expected), i, after[i], String.valueOf(expected));
                }
            }
        }
    }

    private static void require(boolean holds, int i, float seen, String expected) {
        if (!holds) {
            throw new AssertionError("result[" + i + "]: " + seen + ", expected " + expected);
        }
    }

    /** Whether the bits are the same; all NaNs are equal. */
    static boolean same(float a, float b) {
        return (Float.isNaN(a) && Float.isNaN(b)) || Float.floatToRawIntBits(a) == Float.floatToRawIntBits(b);
    }

    private static float value(Qk256Matrix w, int row, int col) {
        int four = w.codes().get(ValueLayout.JAVA_BYTE, row * w.rowStride() + col / 4);
        return w.codebook().value((four >> (2 * (col % 4))) & 3);
    }

    private static float groupScale(Qk256Matrix w, int row, int group) {
        if (w.groupScales().isEmpty()) {
            return 1;
        }
        MemorySegment scales = w.groupScales().get();
        long place = (long) row * w.groups() + group;
        return w.scaleType() == ScaleType.F32
                ? scales.getAtIndex(ValueLayout.JAVA_FLOAT, place)
                : Float.float16ToFloat(scales.getAtIndex(ValueLayout.JAVA_SHORT, place));
    }

    private static float scale(Qk256Matrix w, int row, int group) {
        return w.groupScales().isEmpty() ? w.tensorScale() : groupScale(w, row, group) * w.tensorScale();
    }

    private static float int8(Qk256Matrix w, I8Vector q, int row) {
        long sum = 0;
        double[] lanes = new double[8];
        for (int group = 0; group < w.groups(); group++) {
            long ofGroup = 0;
            int to = (int) Math.min(w.cols(), (group + 1L) * w.group());
            for (int col = group * w.group(); col < to; col++) {
                long product = ((long) value(w, row, col)) * q.segment().get(ValueLayout.JAVA_BYTE, col);
                ofGroup += product * q.multiplier(col / 32);
            }
            sum += ofGroup;
            lanes[group % 8] += groupScale(w, row, group) * (double) ofGroup;
        }
        double scaled =
                ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]));
        float rounded = w.groupScales().isPresent() ? (float) scaled : (float) sum;
        return rounded / q.scale() * w.tensorScale();
    }

    private static float transposed(Qk256Matrix w, I8Vector q, IndexList listed, int col) {
        long sum = 0;
        for (int i = 0; i < listed.size(); i++) {
            int row = listed.get(i);
            sum += ((long) value(w, row, col)) * q.segment().get(ValueLayout.JAVA_BYTE, row);
        }
        return (float) sum / q.scale() * w.tensorScale();
    }

    private static float q8(Q8Matrix w, I8Vector q, int row) {
        MemorySegment values = q.segment();
        return q8(w, row, col -> values.get(ValueLayout.JAVA_BYTE, col), q::multiplier) / q.scale();
    }

    private static float q8(Q8Matrix w, I16Batch x, int column, int row) {
        MemorySegment values = x.segment();
        long from = column * x.length();
        return q8(w, row, col -> values.getAtIndex(ValueLayout.JAVA_SHORT, from + col), group -> 1) / x.scale(column);
    }

    private static float q8(Q8Matrix w, int row, IntUnaryOperator q, IntUnaryOperator multiplier) {
        double sum = 0;
        long block = row / 16 * (long) ((w.cols() + 31) / 32);
        for (int group = 0; group < w.cols(); group += 32, block++) {
            long ofGroup = 0;
            for (int col = group; col < Math.min(w.cols(), group + 32); col++) {
                int inBlock = (col - group) / 4 * 64 + row % 16 * 4 + col % 4;
                long at = block * 512 + inBlock;
                ofGroup += w.codes().get(ValueLayout.JAVA_BYTE, at) * q.applyAsInt(col);
            }
            short scale = w.scales().getAtIndex(ValueLayout.JAVA_SHORT, block * 16 + row % 16);
            sum += (double) (ofGroup * multiplier.applyAsInt(group / 32)) * Float.float16ToFloat(scale);
        }
        return (float) sum;
    }

    private static void checkF32(Qk256Matrix w, F32Vector x, int row, float seen) {
        double sum = 0;
        double magnitude = 0;
        double growth = 0;
        for (int col = 0; col < w.cols(); col++) {
            double value = value(w, row, col);
            double groupScale = groupScale(w, row, col / w.group());
            if (Double.isInfinite(groupScale) || Float.isInfinite(w.tensorScale())) {
                return; // A kernel may scale each weight or the sum: that gives infinities of both signs, or of one.
            }
            double term = value * groupScale * w.tensorScale() * x.get(col);
            sum += term;
            magnitude += Math.abs(term);
            double grown =
                    atLeastOne(value) * atLeastOne(groupScale) * atLeastOne(w.tensorScale()) * atLeastOne(x.get(col));
            growth += Double.isFinite(grown) ? grown : 0;
        }
        if (growth > NO_OVERFLOW) {
            return; // The contract does not fix the partial sums: one may be an infinity and meet the opposite one.
        }
        if (Double.isNaN(sum)) {
            require(Float.isNaN(seen), row, seen, "NaN");
        } else if (Double.isInfinite(sum)) {
            require(seen == sum, row, seen, String.valueOf(sum));
        } else {
            double k = w.cols() + 2.0;
            double bound = k * ROUNDOFF / (1 - k * ROUNDOFF) * magnitude * 1.001 + UNDERFLOW * growth;
            require(Math.abs(seen - sum) <= bound, row, seen, sum + " up to " + bound);
        }
    }

    private static double atLeastOne(double factor) {
        return Math.max(1, Math.abs(factor));
    }
}
