package io.qk256.llm.generation;

import io.qk256.spi.support.UserError;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalInt;
import java.util.SplittableRandom;

/**
 * Chooses the next token from logits. The steps, in llama.cpp's order: bias and penalties, top-k, top-p, min-p,
 * temperature, draw. Top-p and min-p use the probabilities before temperature, among the tokens that the previous steps
 * kept. Every step keeps at least one token.
 *
 * <p>Equal seeds, logits and histories give equal choices on every machine: sums are f64, in an order that depends only
 * on the logits; equal logits are ordered by ascending id. Allocates nothing per token. Not thread-safe.
 */
public final class Sampler {

    /** The most tokens that are worth ruling out others for. */
    private static final int MOST_NEEDED = 256;

    private final SamplingOptions options;
    private final SplittableRandom random;
    private final Candidates candidates;
    private final int[] recent;
    private int recentCount;
    private int recentNext;

    /** How often each token was chosen; empty if no penalty depends on it. */
    private final Map<Integer, Integer> chosen = new HashMap<>();

    /**
     * Creates a sampler.
     *
     * @param vocabularySize the number of logits in each call, at least 1
     * @throws UserError if a token with a bias is not in the vocabulary
     */
    public Sampler(SamplingOptions options, int vocabularySize) {
        requireKnown(options, vocabularySize);
        this.options = options;
        this.random = new SplittableRandom(options.seed());
        this.candidates = new Candidates(vocabularySize);
        this.recent = new int[options.repeatLast()];
    }

    /**
     * Checks options for a vocabulary.
     *
     * @throws UserError if a token with a bias is not in the vocabulary
     */
    public static void requireKnown(SamplingOptions options, int vocabularySize) {
        for (int token : options.logitBias().keySet()) {
            if (token >= vocabularySize) {
                throw new UserError("token of a bias is " + token + ", expected 0 to " + (vocabularySize - 1)
                        + " (the vocabulary)");
            }
        }
    }

    /**
     * Records a token of the prompt as recent.
     *
     * @throws IllegalArgumentException if the token is not in the vocabulary
     */
    public void acceptPrompt(int token) {
        if (token < 0 || token >= candidates.vocabularySize()) {
            throw new IllegalArgumentException(
                    "token " + token + ", expected 0 to " + (candidates.vocabularySize() - 1));
        }
        if (recent.length > 0) {
            recent[recentNext] = token;
            recentNext = (recentNext + 1) % recent.length;
            recentCount = Math.min(recentCount + 1, recent.length);
        }
    }

    /**
     * Records a token as chosen, and as recent.
     *
     * @throws IllegalArgumentException if the token is not in the vocabulary
     */
    public void accept(int token) {
        acceptPrompt(token);
        if (options.presencePenalty() != 0 || options.frequencyPenalty() != 0) {
            chosen.merge(token, 1, Integer::sum);
        }
    }

    /**
     * How many of the most likely tokens determine the next choice of {@link #sample(float[])}, so that the logits of all
     * others may be minus infinity, except of those that are as likely as the last of them. 0 if all tokens do: top-p and
     * min-p without top-k, a bias, and penalties that make tokens more likely.
     */
    public int tokensNeeded() {
        int needed = options.temperature() == 0 ? 1 : options.topK();
        if (needed == 0
                || options.repeatPenalty() < 1
                || options.presencePenalty() < 0
                || options.frequencyPenalty() < 0
                || !options.logitBias().isEmpty()) {
            return 0;
        }
        // A token that becomes less likely makes room for one more.
        int less = (options.repeatPenalty() == 1 ? 0 : recentCount) + chosen.size();
        return needed <= MOST_NEEDED - less ? needed + less : 0;
    }

    /**
     * Chooses the next token. Does not call {@link #accept}; the caller must.
     *
     * @param logits one for each token; minus infinity for a token that must not be chosen; not modified
     * @throws IllegalArgumentException if their number is not the vocabulary size
     * @throws io.qk256.llm.model.NotFiniteException if one is NaN or plus infinity, or all are minus infinity
     */
    public int sample(float[] logits) {
        if (options.temperature() == 0 && takesLogitsAsTheyAre()) {
            return candidates.best(logits);
        }
        load(logits);
        return choose();
    }

    private boolean takesLogitsAsTheyAre() {
        return options.repeatPenalty() == 1
                && chosen.isEmpty()
                && options.logitBias().isEmpty();
    }

    /**
     * Chooses the next token among those that are allowed.
     *
     * @param allowed the tokens that may be chosen
     * @return empty if none of them is possible
     * @throws IllegalArgumentException if the number of logits is not the vocabulary size
     * @throws io.qk256.llm.model.NotFiniteException if one is NaN or plus infinity, or all are minus infinity
     */
    public OptionalInt sample(float[] logits, BitSet allowed) {
        load(logits);
        return candidates.keepOnly(allowed) ? OptionalInt.of(choose()) : OptionalInt.empty();
    }

    private void load(float[] logits) {
        candidates.load(logits);
        if (options.repeatPenalty() != 1) {
            for (int i = 0; i < recentCount; i++) {
                candidates.set(recent[i], penalized(logits[recent[i]]));
            }
        }
        if (!chosen.isEmpty()) {
            chosen.forEach(
                    (token, times) -> add(token, -options.presencePenalty() - times * options.frequencyPenalty()));
        }
        if (!options.logitBias().isEmpty()) {
            options.logitBias().forEach(this::add);
        }
    }

    private void add(int token, double bias) {
        candidates.set(token, (float) (candidates.logit(token) + bias));
    }

    private int choose() {
        if (options.temperature() == 0) {
            return candidates.best();
        }
        leaveOut();
        boolean all = options.topP() == 1 && options.minP() == 0;
        double sum = sum(all ? options.temperature() : 1);
        int kept = all ? candidates.count() : kept(options.topP() * sum);
        return draw(all ? sum : weights(kept, options.temperature()), kept);
    }

    /** Puts the tokens in order, and adds their weights; those of few tokens in an order that the others do not affect. */
    private double sum(double temperature) {
        if (options.topK() > 0 && options.topK() <= MOST_NEEDED) {
            candidates.order();
            return weights(candidates.count(), temperature);
        }
        double sum = candidates.weights(temperature);
        candidates.order();
        return sum;
    }

    /** Penalizes the model's logit, so a token is penalized once, however often it is recent. */
    private float penalized(float logit) {
        double penalty = options.repeatPenalty();
        // A division by little must not give infinity, of which weights would be NaN.
        return (float) (logit > 0 ? Math.min(Float.MAX_VALUE, logit / penalty) : logit * penalty);
    }

    /** Drops tokens that cannot be chosen, so they need not be ordered. Top-p needs the probabilities of all tokens. */
    private void leaveOut() {
        if (options.topK() > 0) {
            candidates.keep(options.topK());
        } else if (options.topP() == 1 && options.minP() > 0) {
            candidates.keepAtLeast(options.minP());
        }
    }

    /** The number of most likely tokens that both top-p and min-p keep: each keeps a prefix of the descending order. */
    private int kept(double enough) {
        double needed = options.topP() == 1 ? Double.POSITIVE_INFINITY : enough;
        double sum = 0;
        int kept = 0;
        while (kept < candidates.count() && sum < needed) {
            double weight = candidates.weight(kept, 1);
            if (kept > 0 && weight < options.minP()) {
                break;
            }
            sum += weight;
            kept++;
        }
        return kept;
    }

    private int draw(double all, int kept) {
        double target = random.nextDouble() * all;
        double sum = 0;
        for (int i = 0; i < kept - 1; i++) {
            sum += candidates.weight(i, options.temperature());
            if (sum > target) {
                return candidates.token(i);
            }
        }
        return candidates.token(kept - 1);
    }

    private double weights(int kept, double temperature) {
        double sum = 0;
        for (int i = 0; i < kept; i++) {
            sum += candidates.weight(i, temperature);
        }
        return sum;
    }
}
