package io.qk256.app.bench;

import io.qk256.spi.Operation;
import io.qk256.spi.Q8Matrix;
import java.util.Locale;

/**
 * A task that every kernel is measured at.
 *
 * @param operation {@code dequantize}, {@code gemv-f32}, {@code gemv-i8}, {@code gemm-i8}, {@code gemm-q8}; or a floor: {@code fill}, {@code read}
 * @param shape {@code 1024}, {@code 1024-array} (the result goes to a {@code float[]}), {@code 2560x2560},
 *     {@code 2560x2560-g64} (f16 scales for groups of 64 weights, int8 activations in groups of 32)
 *     {@code 4096x2560-q8} (8-bit weights), {@code 4096x2560-q8-i16} (with int16 activations)
 * @param columns activation vectors per call; 1 for all but {@code gemm-i8} and {@code gemm-q8}
 * @param mode {@code warm} or {@code cold}
 * @param threads number of threads that share the rows of one matrix
 */
public record BenchTask(String operation, String shape, int columns, String mode, int threads) {

    static final String DEQUANTIZE = Operation.DEQUANTIZE.label();
    static final String GEMM_I8 = Operation.GEMM_I8.label();
    static final String GEMM_Q8 = Operation.GEMM_Q8.label();

    private static final int BLOCK_WEIGHTS = 256;
    private static final int BLOCK_BYTES = 64;
    private static final String ARRAY = "-array";
    private static final String GROUP = "-g";
    private static final String WIDE = "-q8";
    private static final String SHORTS = "-i16";

    /** The floor of this task: no kernel can be faster. */
    public BenchTask floor() {
        return operation.equals(DEQUANTIZE)
                ? new BenchTask("fill", shape.replace(ARRAY, ""), 1, mode, threads)
                : new BenchTask("read", shape, 1, mode, threads);
    }

    /** Weights that one call decodes or multiplies, times the number of columns. */
    public long weights() {
        return (long) rows() * cols() * columns;
    }

    /** Bytes of packed weights and group scales that one call reads; for {@code fill}, the bytes that it writes. */
    public long bytes() {
        if (operation.equals("fill")) {
            return weights() * Float.BYTES;
        }
        if (isWide()) {
            return Q8Matrix.codesBytes(rows(), cols()) + Q8Matrix.scalesBytes(rows(), cols());
        }
        long codes = (long) rows() * Math.ceilDiv(cols(), BLOCK_WEIGHTS) * BLOCK_BYTES;
        return group() == 0 ? codes : codes + (long) rows() * Math.ceilDiv(cols(), group()) * Short.BYTES;
    }

    /** The task as an argument of the kit. */
    public String argument() {
        return operation + ":" + shape + ":" + columns + ":" + mode + ":" + threads;
    }

    /** In words: {@code gemv-i8 2560x2560 cold, 2 threads}. */
    @Override
    public String toString() {
        return operation + " " + shape
                + (columns == 1 ? "" : String.format(Locale.ROOT, " x %d columns", columns))
                + " " + mode + (threads == 1 ? "" : ", " + threads + " threads");
    }

    private int rows() {
        int x = shape.indexOf('x');
        return x < 0 ? 1 : Integer.parseInt(shape.substring(0, x));
    }

    private int cols() {
        int x = shape.indexOf('x');
        String cols = x < 0
                ? shape.replace(ARRAY, "")
                : shape.substring(x + 1).replace(SHORTS, "").replace(WIDE, "");
        int group = cols.indexOf(GROUP);
        return Integer.parseInt(group < 0 ? cols : cols.substring(0, group));
    }

    /** Whether the weights have 8 bits. */
    boolean isWide() {
        return shape.contains(WIDE);
    }

    /** Weights that share a scale; 0 for none. */
    private int group() {
        int group = shape.indexOf(GROUP);
        return group < 0 ? 0 : Integer.parseInt(shape.substring(group + GROUP.length()));
    }
}
