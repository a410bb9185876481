package io.qk256.llm.generation;

import io.qk256.llm.model.Sequence;
import java.util.Arrays;

/**
 * Looks up the last tokens of a text in the text itself, and guesses that it goes on as it did there: prompt lookup.
 * Of several places it takes the one where most tokens before are the same, and of those the last.
 *
 * <p>It reads the whole text for each guess. That is a few microseconds for thousands of tokens, far less than a token
 * takes, and needs no index.
 */
public final class LookupGuesser implements TokenGuesser {

    /** A single token has been followed by too many others. */
    private static final int LEAST_SAME = 2;

    /** Places where more tokens are the same are not told apart. */
    private static final int MOST_SAME = 8;

    private int[] text = new int[256];
    private int length;

    /** Creates a guesser for a text that is still empty. */
    public LookupGuesser() {}

    /** Returns a decoder of a sequence with this kind of guesses. */
    public static SpeculativeDecoder decoder(Sequence sequence) {
        return new SpeculativeDecoder(sequence, new LookupGuesser());
    }

    @Override
    public void start(int[] newText) {
        if (text.length < newText.length) {
            text = new int[newText.length];
        }
        System.arraycopy(newText, 0, text, 0, newText.length);
        length = newText.length;
    }

    @Override
    public void accept(int token) {
        if (length == text.length) {
            text = Arrays.copyOf(text, 2 * length);
        }
        text[length++] = token;
    }

    @Override
    public int guess(int[] out, int at, int most) {
        int next = most == 0 ? 0 : place();
        if (next == 0) {
            return 0;
        }
        for (int i = 0; i < most; i++) { // Behind its end, the text goes on with the guesses.
            out[at + i] = next + i < length ? text[next + i] : out[at + next + i - length];
        }
        return most;
    }

    /** Returns the index after the best place, 0 if there is none. */
    private int place() {
        int best = 0;
        int mostSame = LEAST_SAME - 1;
        for (int end = length - 1; end > mostSame && mostSame < MOST_SAME; end--) {
            if (text[end - 1] == text[length - 1]) {
                int same = same(end);
                if (same > mostSame) {
                    mostSame = same;
                    best = end;
                }
            }
        }
        return best;
    }

    /** The number of tokens before an index that are those at the end of the text. */
    private int same(int end) {
        int same = 0;
        while (same < MOST_SAME && same < end && text[end - 1 - same] == text[length - 1 - same]) {
            same++;
        }
        return same;
    }
}
