package io.qk256.spi.selection;

/**
 * How fast a kernel was at an operation.
 *
 * @param weightsPerSecond the median of several rounds; a product with n columns counts each weight n times
 * @param noise half of what lies between the rounds' quartiles, as a part of the median
 */
public record Speed(double weightsPerSecond, double noise) {

    /** Nearer than this, two kernels are as fast as each other even if the rounds say nothing of noise. */
    private static final double RESOLUTION = 0.03;

    /** A speed. */
    public Speed {
        if (!(weightsPerSecond > 0)
                || !(noise >= 0)
                || Double.isInfinite(weightsPerSecond)
                || Double.isInfinite(noise)) {
            throw new IllegalArgumentException("speed: " + weightsPerSecond + " weights/s, noise " + noise
                    + "; expected finite numbers, more than zero and at least zero");
        }
    }

    /** Whether the measurement tells that this one is faster. */
    boolean beats(Speed other) {
        return weightsPerSecond > other.weightsPerSecond * (1 + RESOLUTION + noise + other.noise);
    }
}
