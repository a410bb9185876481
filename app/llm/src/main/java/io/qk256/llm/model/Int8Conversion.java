package io.qk256.llm.model;

import java.util.Arrays;

/**
 * Rounds weights to 8 bits: for each group of 32, {@code scale = max |w| / 127}, rounded to f16, and
 * {@code q = round(w / scale)}, as in ggml's Q8_0. For one thread at a time.
 *
 * <p>It runs once, while a model is loaded and the JVM has compiled little code. Its loops are therefore fast and soon
 * compiled: long loops over adjacent numbers, each in a method of its own, and independent sums.
 */
final class Int8Conversion {

    private static final int GROUP = Reductions.LANES;
    private static final float LARGEST_CODE = 127;

    /** A larger quotient is not rounded to the largest code. */
    private static final float LIMIT = LARGEST_CODE + 0.5f;

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

    /**
     * Converts the first {@code n} weights, a multiple of 32; may modify {@code weights}.
     *
     * @return whether all of them are finite; if not, the codes mean nothing
     */
    boolean convert(float[] weights, int n) {
        boolean finite = findScales(weights, n, scales, inverses);
        round(weights, n, inverses, codes);
        return finite;
    }

    private static boolean findScales(float[] weights, int n, short[] scales, float[] inverses) {
        boolean finite = true;
        for (int at = 0; at < n; at += GROUP) {
            float max = PlainReductions.largestMagnitude(weights, at, GROUP);
            short half = Float.floatToFloat16(max / LARGEST_CODE);
            float scale = Float.float16ToFloat(half);
            float inverse = scale == 0 ? 0 : 1 / scale;
            if (!(max * inverse < LIMIT)) {
                finite &= Float.isFinite(max);
                limit(weights, at, inverse);
                inverse = 1;
            }
            scales[at / GROUP] = half;
            Arrays.fill(inverses, at, at + GROUP, inverse);
        }
        return finite;
    }

    private static void round(float[] weights, int n, float[] inverses, byte[] codes) {
        for (int i = 0; i < n; i++) {
            codes[i] = (byte) (int) (weights[i] * inverses[i] + ROUNDER - ROUNDER);
        }
    }

    /** A subnormal scale may have been rounded down by so much that codes would be too large. */
    private static void limit(float[] weights, int at, float inverse) {
        for (int i = at; i < at + GROUP; i++) {
            weights[i] = Math.clamp(weights[i] * inverse, -LARGEST_CODE, LARGEST_CODE);
        }
    }
}
