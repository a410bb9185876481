package io.qk256.llm.model;

import java.util.Arrays;

/**
 * Rounds weights to 8 bits: for each group of 32, {@code scale = max |w| / 127}, rounded to f16, and
 * {@code q = round(w / scale)}, as in ggml's Q8_0. For one thread at a time.
 *
 * <p>It runs once, while a model is loaded and the JVM has compiled little code. Its loops are therefore fast and soon
 * compiled: long loops over adjacent numbers, and independent sums.
 */
final class Int8Conversion {

    private static final int GROUP = Reductions.LANES;
    private static final float LARGEST_CODE = 127;

    /** Adding and subtracting this rounds half to even. */
    private static final float ROUNDER = 0x1.8p23f;

    /** The codes of the weights converted last. */
    final byte[] codes;

    /** Their scales in f16, one per group. */
    final short[] scales;

    private final float[] inverses;

    /** @param most the most weights to convert at a time, a multiple of 32 */
    Int8Conversion(int most) {
        codes = new byte[most];
        scales = new short[most / GROUP];
        inverses = new float[most];
    }

    /** Converts the first {@code n} weights, a multiple of 32; may modify {@code weights}. */
    void convert(float[] weights, int n) {
        for (int at = 0; at < n; at += GROUP) {
            float max = PlainReductions.largestMagnitude(weights, at, GROUP);
            short half = Float.floatToFloat16(max / LARGEST_CODE);
            float scale = Float.float16ToFloat(half);
            float inverse = scale == 0 ? 0 : 1 / scale;
            scales[at / GROUP] = half;
            if (max * inverse > LARGEST_CODE) {
                limit(weights, at, inverse);
                inverse = 1;
            }
            Arrays.fill(inverses, at, at + GROUP, inverse);
        }
        for (int i = 0; i < n; i++) {
            codes[i] = (byte) (int) (weights[i] * inverses[i] + ROUNDER - ROUNDER);
        }
    }

    /** A scale that was rounded down, perhaps by much if subnormal, would make codes too large. */
    private static void limit(float[] weights, int at, float inverse) {
        for (int i = at; i < at + GROUP; i++) {
            weights[i] = Math.clamp(weights[i] * inverse, -LARGEST_CODE, LARGEST_CODE);
        }
    }
}
