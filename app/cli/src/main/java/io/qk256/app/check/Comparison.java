package io.qk256.app.check;

import io.qk256.spi.F32Vector;
import io.qk256.spi.I8Vector;
import io.qk256.spi.Kernel;
import io.qk256.spi.Qk256Matrix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * Compares a kernel's results for a matrix with the true values. All memory is off-heap and filled with NaN before the
 * kernel writes, so that the result of an earlier call cannot pass for a new one.
 */
final class Comparison {

    static final String DEQUANTIZE = "dequantize";
    static final String F32_PRODUCT = "gemv-f32";
    static final String I8_PRODUCT = "gemv-i8";

    /** Rows are dequantized in portions of about 1 MiB. */
    private static final int PORTION_WEIGHTS = 1 << 18;

    /** Four of these bytes are an f32 NaN. */
    private static final byte BYTE_OF_NAN = -1;

    private static final double UNIT_ROUNDOFF = 0x1p-24;

    private final Kernel kernel;
    private final Qk256Matrix matrix;
    private final Tally tally;

    Comparison(Kernel kernel, Qk256Matrix matrix, Tally tally) {
        this.kernel = kernel;
        this.matrix = matrix;
        this.tally = tally;
    }

    /** Gives the true weights of a row. */
    interface Weights {
        void row(int row, float[] weights);
    }

    /** Dequantizes all rows and multiplies them by f32 activations. */
    void floats(Weights truth, F32Vector... activations) {
        int rows = Math.clamp(PORTION_WEIGHTS / matrix.cols(), 1, Math.max(1, matrix.rows()));
        try (Arena arena = Arena.ofConfined()) {
            F32Vector decoded = F32Vector.allocate(arena, (long) rows * matrix.cols());
            List<Product> products = new ArrayList<>();
            for (F32Vector x : activations) {
                products.add(new Product(x.toArray(), multiply(x, arena)));
            }
            int to;
            for (int from = 0; from < matrix.rows(); from = to) {
                to = (int) Math.min(matrix.rows(), (long) from + rows);
                portion(truth, from, to, decoded.slice(0, (long) (to - from) * matrix.cols()), products);
            }
        }
    }

    /** Activations and the product of all rows with them. */
    private static final class Product {

        final float[] x;
        final float[] y;

        Product(float[] x, float[] y) {
            this.x = x;
            this.y = y;
        }
    }

    private float[] multiply(F32Vector x, Arena arena) {
        F32Vector y = F32Vector.allocate(arena, matrix.rows());
        call(F32_PRODUCT, y, () -> kernel.gemv(matrix, x, y));
        return y.toArray();
    }

    private void portion(Weights truth, int from, int to, F32Vector decoded, List<Product> products) {
        call(DEQUANTIZE, decoded, () -> kernel.dequantize(matrix, from, to, decoded));
        float[] seen = new float[matrix.cols()];
        float[] expected = new float[matrix.cols()];
        for (int row = from; row < to; row++) {
            truth.row(row, expected);
            long start = (long) (row - from) * seen.length * Float.BYTES;
            MemorySegment.copy(decoded.segment(), ValueLayout.JAVA_FLOAT, start, seen, 0, seen.length);
            tally.weights(DEQUANTIZE, row, seen, expected);
            for (Product product : products) {
                product(row, expected, product.x, product.y[row]);
            }
        }
    }

    /** The f64 sums are themselves inexact, by 2^-29 of the bound: too little to matter. */
    private void product(int row, float[] weights, float[] x, float seen) {
        double sum = 0;
        double magnitude = 0;
        for (int col = 0; col < weights.length; col++) {
            double term = (double) weights[col] * x[col];
            sum += term;
            magnitude += Math.abs(term);
        }
        tally.boundedProduct(F32_PRODUCT, row, seen, sum, gamma() * magnitude);
    }

    /** The gamma that {@link Kernel#gemv(Qk256Matrix, F32Vector, int, int, F32Vector)} defines. */
    private double gamma() {
        int k = matrix.cols() + (matrix.groupScales().isPresent() ? 1 : 0) + (matrix.tensorScale() == 1 ? 0 : 1);
        return k * UNIT_ROUNDOFF / (1 - k * UNIT_ROUNDOFF);
    }

    /** Multiplies all rows by int8 activations. */
    void integers(String operation, I8Vector x, float[] expected) {
        try (Arena arena = Arena.ofConfined()) {
            F32Vector y = F32Vector.allocate(arena, matrix.rows());
            call(operation, y, () -> kernel.gemv(matrix, x, y));
            for (int row = 0; row < matrix.rows(); row++) {
                tally.exactProduct(operation, row, y.get(row), expected[row]);
            }
        }
    }

    /** Checks that two matrices with the same weights give the same bits. */
    void sameAs(Qk256Matrix other, I8Vector x) {
        try (Arena arena = Arena.ofConfined()) {
            long weights = (long) matrix.rows() * matrix.cols();
            F32Vector decoded = F32Vector.allocate(arena, weights);
            F32Vector decodedOther = F32Vector.allocate(arena, weights);
            call(DEQUANTIZE, decoded, () -> kernel.dequantize(matrix, decoded));
            call(DEQUANTIZE, decodedOther, () -> kernel.dequantize(other, decodedOther));
            requireSame(DEQUANTIZE, decoded, decodedOther);
            F32Vector y = F32Vector.allocate(arena, matrix.rows());
            F32Vector yOther = F32Vector.allocate(arena, matrix.rows());
            call(I8_PRODUCT, y, () -> kernel.gemv(matrix, x, y));
            call(I8_PRODUCT, yOther, () -> kernel.gemv(other, x, yOther));
            requireSame(I8_PRODUCT, y, yOther);
        }
    }

    private void requireSame(String operation, F32Vector a, F32Vector b) {
        long mismatch = a.segment().mismatch(b.segment());
        if (mismatch >= 0) {
            long element = mismatch / Float.BYTES;
            tally.failed(
                    operation + " of both packings",
                    "element " + element + " is " + a.get(element) + " and " + b.get(element),
                    "the same bits");
        }
    }

    /** A kernel that throws is wrong; whatever result it has written is compared nevertheless. */
    private void call(String operation, F32Vector out, Runnable call) {
        out.segment().fill(BYTE_OF_NAN);
        try {
            call.run();
        } catch (RuntimeException | LinkageError e) {
            tally.failed(operation, "threw " + e, "a result");
        }
    }
}
