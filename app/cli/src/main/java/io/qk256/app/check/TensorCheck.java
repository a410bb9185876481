package io.qk256.app.check;

import io.qk256.gguf.GgufTensor;
import io.qk256.gguf.layout.PlainDecoder;
import io.qk256.spi.F32Vector;
import io.qk256.spi.I8Vector;
import io.qk256.spi.Kernel;
import io.qk256.spi.Qk256Matrix;
import java.lang.foreign.ValueLayout;

/**
 * Compares a kernel's results for a repacked tensor with the tensor itself, as {@link PlainDecoder} reads it: neither a wrong
 * kernel nor a wrong repacking passes.
 */
final class TensorCheck {

    private static final float SMALLEST_SCALE = 0x1p-100f;
    private static final float LARGEST_SCALE = 0x1p100f;

    private final PlainDecoder plain;
    private final Qk256Matrix matrix;
    private final byte[] values;
    private final float[] scales;

    TensorCheck(GgufTensor tensor, Qk256Matrix repacked) {
        this.plain = PlainDecoder.of(tensor);
        this.matrix = repacked;
        this.values = new byte[repacked.cols()];
        this.scales = new float[Math.ceilDiv(repacked.cols(), plain.group())];
    }

    void run(Kernel kernel, Activations activations, Tally tally) {
        Comparison comparison = new Comparison(kernel, matrix, tally);
        if (scaleSuitsBound()) {
            comparison.floats(this::weights, activations.floats());
        } else {
            comparison.floats(this::weights);
        }
        comparison.integers(Comparison.I8_PRODUCT, activations.integers(), integerProducts(activations.integers()));
    }

    /** The bound of an f32 product holds only if nothing overflows or underflows; activations are 2^-23 or more. */
    private boolean scaleSuitsBound() {
        float scale = Math.abs(matrix.tensorScale());
        return scale == 0 || (scale >= SMALLEST_SCALE && scale <= LARGEST_SCALE);
    }

    private void weights(int row, float[] weights) {
        decode(row);
        for (int col = 0; col < weights.length; col++) {
            weights[col] = values[col] * scales[col / plain.group()];
        }
    }

    private float[] integerProducts(I8Vector x) {
        float[] products = new float[matrix.rows()];
        byte[] q = x.segment().toArray(ValueLayout.JAVA_BYTE);
        boolean scaled = matrix.groupScales().isPresent();
        int[] sums = new int[scales.length];
        for (int row = 0; row < products.length; row++) {
            decode(row);
            groupSums(q, sums);
            products[row] =
                    scaled ? withGroupScales(sums, scales, x.scale()) : withTensorScale(sums, scales[0], x.scale());
        }
        return products;
    }

    private void decode(int row) {
        plain.row(row, values);
        for (int group = 0; group < scales.length; group++) {
            scales[group] = plain.scale(row, group);
        }
    }

    private void groupSums(byte[] q, int[] sums) {
        for (int group = 0; group < sums.length; group++) {
            int end = Math.min(values.length, (group + 1) * plain.group());
            int sum = 0;
            for (int col = group * plain.group(); col < end; col++) {
                sum += values[col] * q[col];
            }
            sums[group] = sum;
        }
    }

    /** The int8 product of a row with group scales, as {@link Kernel#gemv(Qk256Matrix, I8Vector, F32Vector)} defines it. */
    static float withGroupScales(int[] sums, float[] scales, float activationScale) {
        double[] lanes = new double[8];
        for (int group = 0; group < sums.length; group++) {
            lanes[group % 8] += (double) sums[group] * scales[group];
        }
        double sum = ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]));
        return (float) sum / activationScale;
    }

    /** The int8 product of a row with one scale, as {@link Kernel#gemv(Qk256Matrix, I8Vector, F32Vector)} defines it. */
    static float withTensorScale(int[] sums, float scale, float activationScale) {
        int sum = 0;
        for (int blockSum : sums) {
            sum += blockSum;
        }
        return (float) sum / activationScale * scale;
    }
}
