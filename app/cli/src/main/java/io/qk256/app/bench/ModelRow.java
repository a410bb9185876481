package io.qk256.app.bench;

/**
 * How fast a model runs.
 *
 * @param kernel the kernel's name
 * @param threads that compute
 * @param head how the weights of the last product are kept
 * @param promptRate tokens of a prompt of 64 in a second
 * @param decodeRate tokens that come one by one, in a second
 * @param bytesPerToken bytes of weights that are read for each of those
 * @param readRate bytes that so many threads read in a second when they do nothing else, in the same run
 */
public record ModelRow(
        String kernel,
        int threads,
        String head,
        double promptRate,
        double decodeRate,
        long bytesPerToken,
        double readRate) {

    /** Bytes of weights read in a second of decoding. */
    public double weightRate() {
        return decodeRate * bytesPerToken;
    }

    /** Decoding, as a part of what reading the weights allows. */
    public double partOfReading() {
        return weightRate() / readRate;
    }
}
