package io.qk256.spi;

/**
 * The four weight values that the codes of a tensor stand for. Immutable.
 *
 * @param value0 value of code 0, finite
 * @param value1 value of code 1, finite
 * @param value2 value of code 2, finite
 * @param value3 value of code 3, finite
 */
public record Codebook(float value0, float value1, float value2, float value3) {

    /** The values of the QK256 format: −2, −1, +1, +2. There is no zero. */
    public static final Codebook QK256 = new Codebook(-2, -1, 1, 2);

    /**
     * The values of BitNet b1.58 weights (Microsoft I2_S, ggml TQ1_0 and TQ2_0): −1, 0, +1. Packers
     * never write code 3. It decodes to +2, as in ggml's TQ2_0, so that every byte has a defined
     * meaning.
     */
    public static final Codebook TERNARY = new Codebook(-1, 0, 1, 2);

    /** The values of ggml's Q2_0: −1, 0, +1, +2. */
    public static final Codebook Q2_0 = TERNARY;

    /** The smallest value that {@linkplain #supportsInt8() integer} arithmetic supports. */
    public static final int MIN_INTEGER = -64;

    /** The largest value that {@linkplain #supportsInt8() integer} arithmetic supports. */
    public static final int MAX_INTEGER = 63;

    /**
     * Creates a codebook.
     *
     * @throws IllegalArgumentException if a value is not finite
     */
    public Codebook {
        requireFinite(0, value0);
        requireFinite(1, value1);
        requireFinite(2, value2);
        requireFinite(3, value3);
    }

    /**
     * Returns the value of a code.
     *
     * @param code 0 to 3
     * @throws IllegalArgumentException if the code is not 0 to 3
     */
    public float value(int code) {
        return switch (code) {
            case 0 -> value0;
            case 1 -> value1;
            case 2 -> value2;
            case 3 -> value3;
            default -> throw new IllegalArgumentException("code: " + code + ", expected 0 to 3");
        };
    }

    /**
     * Whether all values are integers from {@value #MIN_INTEGER} to {@value #MAX_INTEGER}, as the int8
     * operations require. The range spans 7 bits, so a kernel can shift the values to unsigned bytes
     * and multiply-add pairs of them in 16 bits without saturation: {@code 2 * 127 * 128 < 32768}.
     */
    public boolean supportsInt8() {
        return isWhole(value0) && isWhole(value1) && isWhole(value2) && isWhole(value3);
    }

    /** The largest magnitude of the four values. */
    public float maxMagnitude() {
        return Math.max(Math.max(Math.abs(value0), Math.abs(value1)), Math.max(Math.abs(value2), Math.abs(value3)));
    }

    private static boolean isWhole(float value) {
        return value >= MIN_INTEGER && value <= MAX_INTEGER && value == (int) value;
    }

    private static void requireFinite(int code, float value) {
        if (!Float.isFinite(value)) {
            throw new IllegalArgumentException("codebook value of code " + code + ": " + value + ", expected finite");
        }
    }
}
