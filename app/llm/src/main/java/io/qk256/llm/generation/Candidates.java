package io.qk256.llm.generation;

import io.qk256.llm.model.NotFiniteException;
import java.util.BitSet;

/**
 * Tokens in descending order of logits, equal logits in ascending order of ids. Sorted only as far as needed: a heap
 * whose root moves to the back of the array when taken. O(n) to build the heap, O(log n) for each token taken. Drop
 * tokens that cannot be chosen beforehand.
 */
final class Candidates {

    /** Larger than the rounding error of a weight, so that the weight itself decides. */
    private static final double LOG_SLACK = 1e-6;

    private final int[] tokens;
    private final float[] logits;
    /** The number of tokens kept; they come first in the arrays. */
    private int count;
    /** The heap occupies {@code [0, heapSize)}; after it are the tokens taken, the first one at the very end. */
    private int heapSize;

    Candidates(int vocabularySize) {
        if (vocabularySize < 1) {
            throw new IllegalArgumentException("vocabulary of " + vocabularySize + " tokens, expected 1 or more");
        }
        this.tokens = new int[vocabularySize];
        this.logits = new float[vocabularySize];
    }

    int vocabularySize() {
        return tokens.length;
    }

    /** Returns the most likely token of logits that are checked, but not loaded. */
    int best(float[] source) {
        requireAll(source);
        float most = Float.NEGATIVE_INFINITY;
        int best = -1;
        for (int i = 0; i < source.length; i++) {
            float logit = source[i];
            if (!(logit < Float.POSITIVE_INFINITY)) {
                throw notFinite(i, logit);
            }
            if (logit > most) {
                most = logit;
                best = i;
            }
        }
        if (best < 0) {
            throw nonePossible(source);
        }
        return best;
    }

    private void requireAll(float[] source) {
        if (source.length != logits.length) {
            throw new IllegalArgumentException(
                    source.length + " logits, expected " + logits.length + ", one for each token of the vocabulary");
        }
    }

    private static NotFiniteException notFinite(int token, float logit) {
        return new NotFiniteException("the logit of token " + token + " is " + logit);
    }

    private static NotFiniteException nonePossible(float[] source) {
        return new NotFiniteException("each of " + source.length + " logits is -Infinity");
    }

    /** Loads and checks the logits, in the order of ids. */
    void load(float[] source) {
        requireAll(source);
        count = source.length;
        boolean possible = false;
        for (int i = 0; i < source.length; i++) {
            float logit = source[i];
            if (!(logit < Float.POSITIVE_INFINITY)) {
                throw notFinite(i, logit);
            }
            possible |= logit > Float.NEGATIVE_INFINITY;
            logits[i] = logit;
            tokens[i] = i;
        }
        if (!possible) {
            throw nonePossible(source);
        }
    }

    /** Replaces a logit; call between {@link #load} and {@link #keepOnly}. */
    void set(int token, float logit) {
        logits[token] = logit;
    }

    /** Returns a logit; call between {@link #load} and {@link #keepOnly}. */
    float logit(int token) {
        return logits[token];
    }

    /**
     * Keeps only some tokens, and of those only the possible ones; call after the last {@link #set}.
     *
     * @return whether there is one
     */
    boolean keepOnly(BitSet allowed) {
        int kept = 0;
        for (int i = allowed.nextSetBit(0); i >= 0 && i < count; i = allowed.nextSetBit(i + 1)) {
            if (logits[i] > Float.NEGATIVE_INFINITY) {
                logits[kept] = logits[i];
                tokens[kept] = i;
                kept++;
            }
        }
        count = kept;
        return kept > 0;
    }

    /** Returns the most likely token; call between {@link #load} and {@link #order}. */
    int best() {
        return tokens[indexOfBest()];
    }

    private int indexOfBest() {
        int best = 0;
        for (int i = 1; i < count; i++) {
            if (logits[i] > logits[best]) {
                best = i;
            }
        }
        return best;
    }

    /** The number of tokens kept. */
    int count() {
        return count;
    }

    /** Keeps only the most likely tokens; call between {@link #set} and {@link #order}. O(n) if they are few. */
    void keep(int wanted) {
        if (wanted >= count) {
            return;
        }
        for (int i = wanted / 2 - 1; i >= 0; i--) {
            siftUnlikelyDown(i, wanted);
        }
        // Of equal logits, the token with the lower id comes first.
        for (int i = wanted; i < count; i++) {
            if (logits[i] > logits[0]) {
                swap(i, 0);
                siftUnlikelyDown(0, wanted);
            }
        }
        count = wanted;
    }

    /**
     * Drops tokens with less than a fraction of the most likely token's probability; call between {@link #set} and
     * {@link #order}.
     */
    void keepAtLeast(double fraction) {
        double least = logits[indexOfBest()] + Math.log(fraction) - LOG_SLACK;
        int kept = 0;
        for (int i = 0; i < count; i++) {
            if (logits[i] >= least) {
                swap(kept, i);
                kept++;
            }
        }
        count = kept;
    }

    /** The sum of the {@linkplain #weight weights} of the tokens kept; call between {@link #set} and {@link #order}. */
    double weights(double temperature) {
        double best = logits[indexOfBest()];
        double sum = 0;
        for (int i = 0; i < count; i++) {
            sum += Math.exp((logits[i] - best) / temperature);
        }
        return sum;
    }

    /** Builds the heap, so that tokens can be taken by rank. */
    void order() {
        heapSize = count;
        for (int i = heapSize / 2 - 1; i >= 0; i--) {
            siftDown(i);
        }
    }

    /** The token at a rank, 0 for the most likely. */
    int token(int place) {
        return tokens[index(place)];
    }

    /** Its probability divided by that of the most likely token: exp of the logits' difference over the temperature. */
    double weight(int place, double temperature) {
        int index = index(place);
        double best = logits[index(0)];
        return Math.exp((logits[index] - best) / temperature);
    }

    private int index(int place) {
        int index = count - 1 - place;
        while (heapSize > index) {
            heapSize--;
            swap(0, heapSize);
            siftDown(0);
        }
        return index;
    }

    private void siftDown(int start) {
        int parent = start;
        for (int child = 2 * parent + 1; child < heapSize; child = 2 * parent + 1) {
            if (child + 1 < heapSize && precedes(child + 1, child)) {
                child++;
            }
            if (!precedes(child, parent)) {
                return;
            }
            swap(child, parent);
            parent = child;
        }
    }

    /** In a heap of the first {@code size} tokens, whose root is the least likely. */
    private void siftUnlikelyDown(int start, int size) {
        int parent = start;
        for (int child = 2 * parent + 1; child < size; child = 2 * parent + 1) {
            if (child + 1 < size && precedes(child, child + 1)) {
                child++;
            }
            if (!precedes(parent, child)) {
                return;
            }
            swap(child, parent);
            parent = child;
        }
    }

    private boolean precedes(int a, int b) {
        return logits[a] > logits[b] || (logits[a] == logits[b] && tokens[a] < tokens[b]);
    }

    private void swap(int a, int b) {
        float logit = logits[a];
        logits[a] = logits[b];
        logits[b] = logit;
        int token = tokens[a];
        tokens[a] = tokens[b];
        tokens[b] = token;
    }
}
