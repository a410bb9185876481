package io.qk256.llm.model;

/** The product of an output head with states, for one engine. For one thread at a time. */
abstract class HeadProduct {

    private final float[][] oneState = new float[1][];
    private final float[][] oneLogits = new float[1][];

    /**
     * Computes the logits of some states.
     *
     * @param states the states, which may be rounded in place
     * @param logits receive the logits of each state
     * @param columns the number of states
     */
    abstract void apply(float[][] states, float[][] logits, int columns);

    /**
     * Computes the logits of one state, as far as the most likely tokens need them.
     *
     * @param state the state, which may be rounded in place
     * @param logits receive the same logits as from {@link #apply} for the {@code count} most likely tokens and all that
     *     are as likely as the last of them; the others receive theirs or minus infinity
     * @param count 1 or more
     */
    void applyBest(float[] state, float[] logits, int count) {
        oneState[0] = state;
        oneLogits[0] = logits;
        apply(oneState, oneLogits, 1);
    }

    /** What has been computed so far. */
    HeadReadings readings() {
        return HeadReadings.NONE;
    }
}
