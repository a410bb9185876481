package io.qk256.spi.selection;

/**
 * How fast a kernel was at an operation.
 *
 * @param weightsPerSecond the median of several rounds; GEMM with n columns counts each weight n times
 * @param noise half of the interquartile range of the rounds, relative to the median
 */
public record Speed(double weightsPerSecond, double noise) {

    /** Two kernels closer than this count as equally fast, even if the rounds show no noise. */
    private static final double RESOLUTION = 0.03;

    /** Creates a speed. */
    public Speed {
        if (!(weightsPerSecond > 0)
                || !(noise >= 0)
                || Double.isInfinite(weightsPerSecond)
                || Double.isInfinite(noise)) {
            throw new IllegalArgumentException("speed: " + weightsPerSecond + " weights/s, noise " + noise
                    + "; expected finite numbers, more than zero and at least zero");
        }
    }

    /** Whether this kernel is measurably faster. */
    boolean beats(Speed other) {
        return weightsPerSecond > other.weightsPerSecond * (1 + RESOLUTION + noise + other.noise);
    }
}
