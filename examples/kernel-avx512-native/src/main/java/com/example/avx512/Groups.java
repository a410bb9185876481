package com.example.avx512;

import io.qk256.spi.F32Vector;
import io.qk256.spi.I8Vector;
import io.qk256.spi.Qk256Matrix;
import io.qk256.spi.ScaleType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * What this kernel has no C code for, weight by weight: scales of groups other than f32 scales of 256 weights, all group
 * scales of int8 products, and multipliers. A kernel must do everything that the contract has, but not everything fast.
 */
final class Groups {

    private Groups() {}

    static boolean otherThanBlocks(Qk256Matrix w) {
        return w.hasGroupScales() && (w.group() != 256 || w.scaleType() != ScaleType.F32);
    }

    static void dequantize(Qk256Matrix w, int fromRow, int toRow, F32Vector out) {
        float[] values = new float[w.group()];
        long to = 0;
        for (int row = fromRow; row < toRow; row++) {
            for (int group = 0; group < w.groups(); group++) {
                int from = group * w.group();
                int n = Math.min(w.group(), w.cols() - from);
                float scale = w.scale(row, group);
                for (int i = 0; i < n; i++) {
                    values[i] = value(w, row, from + i) * scale;
                }
                MemorySegment.copy(values, 0, out.segment(), ValueLayout.JAVA_FLOAT, to * Float.BYTES, n);
                to += n;
            }
        }
    }

    static void gemvF32(Qk256Matrix w, F32Vector x, int fromRow, int toRow, F32Vector y) {
        for (int row = fromRow; row < toRow; row++) {
            float sum = 0;
            for (int group = 0; group < w.groups(); group++) {
                int end = Math.min(w.cols(), (group + 1) * w.group());
                float ofGroup = 0;
                for (int col = group * w.group(); col < end; col++) {
                    ofGroup += value(w, row, col) * x.get(col);
                }
                sum += ofGroup * w.scale(row, group);
            }
            y.set(row, sum);
        }
    }

    static void gemvI8(Qk256Matrix w, I8Vector x, int fromRow, int toRow, F32Vector y) {
        double[] lanes = new double[8];
        for (int row = fromRow; row < toRow; row++) {
            Arrays.fill(lanes, 0);
            for (int group = 0; group < w.groups(); group++) {
                int end = Math.min(w.cols(), (group + 1) * w.group());
                long sum = 0;
                for (int col = group * w.group(); col < end; col++) {
                    long product = (long) value(w, row, col) * x.segment().get(ValueLayout.JAVA_BYTE, col);
                    sum += product * x.multiplier(col / I8Vector.GROUP);
                }
                lanes[group % 8] += (double) sum * w.groupScale(row, group);
            }
            double even = (lanes[0] + lanes[4]) + (lanes[2] + lanes[6]);
            double odd = (lanes[1] + lanes[5]) + (lanes[3] + lanes[7]);
            y.set(row, (float) (even + odd) / x.scale() * w.tensorScale());
        }
    }

    private static float value(Qk256Matrix w, int row, int col) {
        int packed = w.codes().get(ValueLayout.JAVA_BYTE, row * w.rowStride() + col / 4);
        return w.codebook().value(packed >> (2 * (col % 4)) & 3);
    }
}
