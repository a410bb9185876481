package io.qk256.llm.model;

/**
 * How rotary angles are changed for contexts longer than a model was first trained on. Every position is affected, not
 * only those beyond the original context.
 *
 * <p>Linear scaling divides all angles by the factor. YaRN does so only for slow pairs, leaves fast pairs unchanged,
 * blends the pairs between, and enlarges queries and keys. Immutable and thread-safe.
 *
 * @param factor the divisor of angles, above 0; 1 changes nothing
 * @param yarn how much of YaRN's blend is applied: 0 for linear scaling, usually 1 for YaRN
 * @param magnitude multiplies all rotated values; above 0
 * @param originalContext the context that the model was first trained on, in tokens; used by YaRN
 * @param fastTurns pairs with at least as many turns in the original context are not scaled by YaRN
 * @param slowTurns pairs with at most as many turns in the original context are scaled in full by YaRN
 */
public record RopeScaling(
        float factor, float yarn, float magnitude, int originalContext, float fastTurns, float slowTurns) {

    /** No scaling. */
    public static final RopeScaling NONE = linear(1);

    static final float YARN_FAST_TURNS = 32;
    static final float YARN_SLOW_TURNS = 1;

    /** Divides all angles by a factor. */
    public static RopeScaling linear(float factor) {
        return new RopeScaling(factor, 0, 1, 1, YARN_FAST_TURNS, YARN_SLOW_TURNS);
    }

    /** YaRN with the usual parameters. */
    public static RopeScaling yarn(float factor, int originalContext) {
        float magnitude = yarnMagnitude(factor, 1);
        return new RopeScaling(factor, 1, magnitude, originalContext, YARN_FAST_TURNS, YARN_SLOW_TURNS);
    }

    /** Returns the same scaling with another magnitude. */
    RopeScaling withMagnitude(float other) {
        return new RopeScaling(factor, yarn, other, originalContext, fastTurns, slowTurns);
    }

    /** By how much YaRN enlarges queries and keys. */
    static float yarnMagnitude(float factor, float multiplier) {
        return factor <= 1 ? 1 : 1 + 0.1f * multiplier * (float) StrictMath.log(factor);
    }

    /**
     * Returns the part of each pair's angle that stays unscaled.
     *
     * @param rotated number of rotated values of a head
     * @param base base of the rotary angles
     */
    float[] unscaled(int rotated, float base) {
        float[] parts = new float[rotated / 2];
        if (yarn == 0) {
            return parts;
        }
        float low = Math.max(0, (float) Math.floor(pairWithTurns(fastTurns, rotated, base)));
        float high = Math.min(rotated - 1, (float) Math.ceil(pairWithTurns(slowTurns, rotated, base)));
        for (int i = 0; i < parts.length; i++) {
            float ramp = (i - low) / Math.max(0.001f, high - low);
            parts[i] = (1 - Math.clamp(ramp, 0f, 1f)) * yarn;
        }
        return parts;
    }

    /** The pair, as a real number, that makes so many turns in the original context. */
    private float pairWithTurns(float turns, int rotated, float base) {
        float wavelength = originalContext / (turns * 2 * (float) Math.PI);
        return rotated * (float) StrictMath.log(wavelength) / (2 * (float) StrictMath.log(base));
    }
}
