package io.qk256.llm.serving;

import java.util.ArrayList;
import java.util.List;

/** Log probabilities of the model's own distribution, from logits: sums in f64, in the order of ids. */
final class Logprobs {

    private Logprobs() {}

    /**
     * Describes a chosen token.
     *
     * @param logits finite or minus infinity, at least one finite
     * @param top how many of the most likely tokens are wanted; {@link CompletionRequest#NO_LOGPROBS} for no log
     *     probabilities at all
     */
    static ChosenToken of(int token, float[] logits, int top) {
        if (top == CompletionRequest.NO_LOGPROBS) {
            return new ChosenToken(token, Double.NaN, List.of());
        }
        double max = Double.NEGATIVE_INFINITY;
        for (float logit : logits) {
            max = Math.max(max, logit);
        }
        double sum = 0;
        for (float logit : logits) {
            sum += StrictMath.exp(logit - max);
        }
        double all = max + StrictMath.log(sum);
        List<TokenLogprob> best = new ArrayList<>();
        for (int other : mostLikely(logits, top)) {
            best.add(new TokenLogprob(other, logits[other] - all));
        }
        return new ChosenToken(token, logits[token] - all, best);
    }

    /** The tokens with the largest logits in descending order, equal ones by ascending id. */
    private static int[] mostLikely(float[] logits, int wanted) {
        int[] best = new int[Math.min(wanted, logits.length)];
        int count = 0;
        for (int i = 0; i < logits.length && best.length > 0; i++) {
            if (count == best.length && logits[i] <= logits[best[count - 1]]) {
                continue;
            }
            int at = count == best.length ? count - 1 : count++;
            for (; at > 0 && logits[best[at - 1]] < logits[i]; at--) {
                best[at] = best[at - 1];
            }
            best[at] = i;
        }
        return best;
    }
}
