package io.qk256.llm.model;

/**
 * What a {@linkplain HeadType#SCREENED screened} head has read.
 *
 * @param screened how many times the copy in 4 bits ruled out most tokens
 * @param rows the rows read in 8 bits for these, in all
 * @param fallbacks how many times the copy ruled out too few, so that all rows were read
 * @param full how many times all rows were read without asking the copy: all logits were wanted, several sequences shared
 *     the reading, or the copy had ruled out too few shortly before
 */
public record HeadReadings(long screened, long rows, long fallbacks, long full) {

    /** Nothing. */
    public static final HeadReadings NONE = new HeadReadings(0, 0, 0, 0);

    /** The mean number of rows read in 8 bits where most tokens were ruled out; NaN if that was never so. */
    public double rowsPerToken() {
        return screened == 0 ? Double.NaN : (double) rows / screened;
    }
}
