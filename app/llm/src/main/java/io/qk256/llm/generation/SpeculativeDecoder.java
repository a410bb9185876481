package io.qk256.llm.generation;

import io.qk256.llm.model.NotFiniteException;
import io.qk256.llm.model.Sequence;
import java.util.Arrays;

/**
 * Decodes the tokens of a sequence as {@link Sequence#decode} does, but computes guesses of the next tokens in the same
 * pass over the weights. As long as the caller then chooses the guessed tokens, their logits are there already. The
 * logits are the same to the bit with any guesses, because those of a token do not depend on what is computed with it.
 *
 * <p>Guesses are tried only if that is expected to be faster. Whether they would have been right is known without
 * trying them, so guesses that are always wrong cost next to nothing.
 *
 * <pre>{@code
 * float[] logits = sequence.prompt(prompt);
 * decoder.start(prompt);
 * for (int left = 100; left > 0; left--) {
 *     int token = sampler.sample(logits);
 *     sampler.accept(token);
 *     logits = decoder.decode(token, left);
 * }
 * decoder.finish();
 * }</pre>
 *
 * <p>For one thread at a time.
 */
public final class SpeculativeDecoder {

    private static final int NONE = -1;

    private final Sequence sequence;
    private final TokenGuesser guesser;
    private final GuessPlan plan;

    /** The tokens of the last pass: one that was chosen, then guesses. */
    private final int[] tokens = new int[GuessPlan.MOST_COLUMNS];

    /** The logits after each of them but the last, whose logits are those of the sequence. */
    private final float[][] logits = new float[GuessPlan.MOST_COLUMNS - 1][0];

    private int columns;

    /** The number of tokens of the last pass that have been chosen. */
    private int chosen;

    /** The guess of the next token. */
    private int expected = NONE;

    private int tried;
    private int right;

    /**
     * Creates a decoder.
     *
     * @param sequence used by nobody else between {@link #start} and {@link #finish}; the caller closes it
     */
    public SpeculativeDecoder(Sequence sequence, TokenGuesser guesser) {
        this(sequence, guesser, new GuessPlan());
    }

    SpeculativeDecoder(Sequence sequence, TokenGuesser guesser, GuessPlan plan) {
        this.sequence = sequence;
        this.guesser = guesser;
        this.plan = plan;
    }

    /**
     * Begins a text; call when the sequence holds exactly this text.
     *
     * @param text the tokens of the sequence
     */
    public void start(int[] text) {
        guesser.start(text);
        columns = 0;
        chosen = 0;
        expected = NONE;
    }

    /**
     * Adds a token to the text.
     *
     * @param left the most tokens that the caller will add, with this one, 1 or more; more are not guessed
     * @return the logits of the next token; overwritten by the next call
     * @throws IllegalArgumentException if the token is not in the vocabulary
     * @throws IllegalStateException if the context is full, a call is in progress, or the sequence is closed; nothing is
     *     added then
     */
    public float[] decode(int token, int left) {
        if (expected != NONE) {
            plan.guessed(token == expected);
        }
        if (chosen < columns && token == tokens[chosen]) {
            guesser.accept(token);
            right++;
            chosen++;
            expected = chosen < columns ? tokens[chosen] : NONE;
            return logitsOf(chosen - 1);
        }
        finish();
        guesser.accept(token);
        int most = Math.min(Math.min(left, tokens.length), sequence.context() - sequence.position()) - 1;
        int guesses = guesser.guess(tokens, 1, Math.max(0, most));
        expected = guesses == 0 ? NONE : tokens[1];
        tokens[0] = token;
        compute(1 + plan.guesses(guesses));
        return logitsOf(0);
    }

    private void compute(int count) {
        long start = System.nanoTime();
        int computed = count > 1 && tryAll(count) ? count : 1;
        if (computed == 1) {
            sequence.decode(tokens[0]);
        }
        plan.took(computed, System.nanoTime() - start);
        tried += computed - 1;
        columns = computed;
        chosen = 1;
    }

    /** Returns false if the guesses led to something that cannot be computed; the chosen token alone may not. */
    private boolean tryAll(int count) {
        try {
            sequence.prompt(Arrays.copyOf(tokens, count), (i, ofToken) -> {
                if (i < count - 1) {
                    keep(i, ofToken);
                }
            });
            return true;
        } catch (NotFiniteException e) {
            return false;
        }
    }

    private void keep(int index, float[] ofToken) {
        if (logits[index].length == 0) {
            logits[index] = new float[ofToken.length];
        }
        System.arraycopy(ofToken, 0, logits[index], 0, ofToken.length);
    }

    private float[] logitsOf(int index) {
        return index == columns - 1 ? sequence.logits() : logits[index];
    }

    /** The number of tokens of the text, without guesses. */
    public int position() {
        return sequence.position() - (columns - chosen);
    }

    /** Removes guesses from the sequence that have not been chosen; it then holds the text. */
    public void finish() {
        if (chosen < columns) {
            sequence.rewind(position());
        }
        columns = 0;
        chosen = 0;
    }

    /** The number of guesses computed so far. */
    public int tried() {
        return tried;
    }

    /** The number of them that the caller chose. */
    public int right() {
        return right;
    }
}
