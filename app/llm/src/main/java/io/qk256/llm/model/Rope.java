package io.qk256.llm.model;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Rotary position embedding: pair {@code i} of a head's values is rotated by {@code position * base^(-2i / rotated)},
 * changed by a {@link RopeScaling} and by divisors of the file. As in ggml, the angle is computed by repeated
 * multiplication in f32; a table of exact angles would give different numbers.
 *
 * <p>Holds the angles of a batch; different threads may prepare and rotate different tokens at once.
 */
final class Rope {

    /** Which values are rotated together. */
    enum Pairs {
        /** {@code i} and {@code i + rotated / 2}: ggml's {@code GGML_ROPE_TYPE_NEOX}. */
        HALVES,

        /** {@code 2i} and {@code 2i + 1}: ggml's {@code GGML_ROPE_TYPE_NORM}. */
        NEIGHBORS
    }

    private final Pairs kind;
    private final int pairs;
    private final float step;
    private final float[] divisors;
    private final float[] unscaled;
    private final float scale;
    private final float magnitude;
    private final float[] cos;
    private final float[] sin;

    /**
     * Allocates the angles of a batch.
     *
     * @param tokens the most tokens in a batch
     * @param kind which values of a head are rotated together
     * @param rotated number of rotated values of each head, its first ones; even
     * @param base base of the angles
     * @param divisors one for the angle of each pair; none if {@code null}
     */
    Rope(int tokens, Pairs kind, int rotated, float base, RopeScaling scaling, float @Nullable [] divisors) {
        this.kind = kind;
        this.pairs = rotated / 2;
        this.step = (float) StrictMath.pow(base, -2f / rotated);
        this.unscaled = scaling.unscaled(rotated, base);
        this.scale = 1 / scaling.factor();
        this.magnitude = scaling.magnitude();
        if (divisors == null) {
            this.divisors = new float[pairs];
            Arrays.fill(this.divisors, 1);
        } else {
            this.divisors = divisors.clone();
        }
        this.cos = new float[tokens * pairs];
        this.sin = new float[tokens * pairs];
    }

    /** Computes the angles of a token. */
    void prepare(int token, int position) {
        float turning = position;
        for (int i = 0; i < pairs; i++) {
            float whole = turning / divisors[i];
            float angle = scale * whole * (1 - unscaled[i]) + whole * unscaled[i];
            cos[token * pairs + i] = (float) StrictMath.cos(angle) * magnitude;
            sin[token * pairs + i] = (float) StrictMath.sin(angle) * magnitude;
            turning *= step;
        }
    }

    /** Rotates consecutive heads. */
    void rotate(int token, float[] x, int at, int heads, int headSize) {
        for (int head = 0; head < heads; head++) {
            switch (kind) {
                case HALVES -> rotateHalves(token * pairs, x, at + head * headSize);
                case NEIGHBORS -> rotateNeighbors(token * pairs, x, at + head * headSize);
            }
        }
    }

    private void rotateHalves(int from, float[] x, int at) {
        for (int i = 0; i < pairs; i++) {
            float a = x[at + i];
            float b = x[at + pairs + i];
            x[at + i] = a * cos[from + i] - b * sin[from + i];
            x[at + pairs + i] = a * sin[from + i] + b * cos[from + i];
        }
    }

    private void rotateNeighbors(int from, float[] x, int at) {
        for (int i = 0; i < pairs; i++) {
            float a = x[at + 2 * i];
            float b = x[at + 2 * i + 1];
            x[at + 2 * i] = a * cos[from + i] - b * sin[from + i];
            x[at + 2 * i + 1] = a * sin[from + i] + b * cos[from + i];
        }
    }
}
