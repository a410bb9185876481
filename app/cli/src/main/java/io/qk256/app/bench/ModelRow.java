package io.qk256.app.bench;

/**
 * The measured speed of a model.
 *
 * @param kernel the kernel's name
 * @param threads number of compute threads
 * @param head how the weights of the output head are stored
 * @param promptRate tokens per second of a prompt of 64 tokens
 * @param decodeRate tokens per second when decoding one by one
 * @param sequences number of sequences that also decoded at once
 * @param togetherRate tokens per second of all of them together; {@code decodeRate} if there is one
 * @param guessedRate tokens per second when decoding with guesses; {@code decodeRate} if that was not measured
 * @param bytesPerToken bytes of weights read per decoded token
 * @param reading how fast the same number of threads reads when it does nothing else, in the same run
 */
public record ModelRow(
        String kernel,
        int threads,
        String head,
        double promptRate,
        double decodeRate,
        int sequences,
        double togetherRate,
        double guessedRate,
        long bytesPerToken,
        ReadingSpeed reading) {

    /** Bytes of weights read per second of decoding. */
    public double weightRate() {
        return decodeRate * bytesPerToken;
    }

    /** The decoding speed as a fraction of what reading the weights allows. */
    public double partOfReading() {
        return weightRate() / reading.rate();
    }
}
