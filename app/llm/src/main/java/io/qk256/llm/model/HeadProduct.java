package io.qk256.llm.model;

/** The product of an output head with states, for one engine. For one thread at a time. */
abstract class HeadProduct {

    /**
     * Computes the logits of some states.
     *
     * @param states the states, which may be rounded in place
     * @param logits receive the logits of each state
     * @param columns the number of states
     */
    abstract void apply(float[][] states, float[][] logits, int columns);
}
