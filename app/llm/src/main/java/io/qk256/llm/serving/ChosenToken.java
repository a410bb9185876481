package io.qk256.llm.serving;

import java.util.List;

/**
 * A token of a completion. Log probabilities are of the model's own distribution: the softmax of its logits in f64,
 * before temperature, penalties, bias and constraint, and before tokens are left out.
 *
 * @param token the token
 * @param logprob the natural logarithm of its probability; NaN if the request asked for none
 * @param top the most likely tokens in this place in descending order, equal ones by ascending id; as many as the
 *     request asked for
 */
public record ChosenToken(int token, double logprob, List<TokenLogprob> top) {

    /** Keeps a copy of the list. */
    public ChosenToken {
        top = List.copyOf(top);
    }
}
