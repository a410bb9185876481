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
 * @param begin where its text begins in the text of the completion, in characters (code points). Tokens that make up one
 *     character together all begin where it begins; a token without text begins where the next text does
 */
public record ChosenToken(int token, double logprob, List<TokenLogprob> top, long begin) {

    /** Keeps a copy of the list. */
    public ChosenToken {
        top = List.copyOf(top);
    }

    /** Of a token whose place is not known yet. */
    ChosenToken(int token, double logprob, List<TokenLogprob> top) {
        this(token, logprob, top, 0);
    }

    ChosenToken at(long place) {
        return new ChosenToken(token, logprob, top, place);
    }
}
