package io.qk256.llm.generation;

import java.util.BitSet;

/**
 * What a text must look like, token by token: after each token it says which tokens may come next, and whether the text
 * may end. It has the state of one text. Used by one thread at a time.
 *
 * <p>Calls come in this order, once for each token: {@link #mayEnd} and {@link #allowed}, in any order, then
 * {@link #accept} with a token that is allowed. They are part of the time of every token, so they must be quick.
 */
public interface TokenConstraint {

    /**
     * The tokens that may come next, by ids; none if the text must end here. Tokens that end a text have no place in
     * it: {@link #mayEnd} decides about them, whatever their bits are. The caller does not change the set, and does not
     * use it after the next call of {@link #accept}.
     */
    BitSet allowed();

    /** Whether the text may end here. */
    boolean mayEnd();

    /**
     * Adds a token to the text.
     *
     * @param token one that is allowed
     * @throws IllegalArgumentException if it is not allowed
     */
    void accept(int token);
}
