package io.qk256.llm.generation;

import io.qk256.llm.model.NotFiniteException;
import io.qk256.llm.model.Sequence;
import io.qk256.llm.text.Tokenizer;
import io.qk256.spi.support.UserError;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;

/**
 * How well a model predicts a text: the exponential of the mean of {@code -ln p(token)}, over all tokens.
 *
 * <p>The text is cut into documents where the model's mark for the end of a text stands on a line of its own, each document
 * and its mark into windows, and each window is predicted from the mark for the begin of a text and the window's
 * earlier tokens. No window sees another one.
 */
public final class Perplexity {

    /** Of a normal distribution, 95 % lie within so many standard deviations. */
    private static final double NORMAL_95 = 1.959964;

    private Perplexity() {}

    /** Hears how far it is. */
    @FunctionalInterface
    public interface Listener {

        /** Another window is done; the result is that of all windows so far. */
        void window(int done, int total, Result soFar);
    }

    /**
     * How well the tokens were predicted.
     *
     * @param tokens how many
     * @param windows in how many windows
     * @param natsPerToken the mean of {@code -ln p}
     * @param standardError of that mean, taking windows as independent and the tokens of one as not; NaN for one window
     */
    public record Result(long tokens, int windows, double natsPerToken, double standardError) {

        /** The exponential of the mean. */
        public double perplexity() {
            return Math.exp(natsPerToken);
        }

        /** The low end of the interval that holds the perplexity of such texts with a confidence of 95 %. */
        public double low() {
            return Math.exp(natsPerToken - NORMAL_95 * standardError);
        }

        /** The high end. */
        public double high() {
            return Math.exp(natsPerToken + NORMAL_95 * standardError);
        }
    }

    /**
     * Cuts a text.
     *
     * @param length of a window at most, in tokens
     * @throws UserError if the text has nothing but space
     */
    public static List<int[]> windows(Tokenizer tokenizer, String text, int length) {
        String separator = "\n" + tokenizer.describe(tokenizer.endOfText()) + "\n";
        List<int[]> windows = new ArrayList<>();
        for (String part : (text.replace("\r\n", "\n") + "\n").split(Pattern.quote(separator), -1)) {
            String document = withoutEmptyLinesAround(part);
            if (!document.isBlank()) {
                int[] tokens = tokenizer.encode(document, false, false);
                int[] ended = Arrays.copyOf(tokens, tokens.length + 1);
                ended[tokens.length] = tokenizer.endOfText();
                for (int from = 0; from < ended.length; from += length) {
                    windows.add(Arrays.copyOfRange(ended, from, Math.min(ended.length, from + length)));
                }
            }
        }
        if (windows.isEmpty()) {
            throw new UserError("the text is empty, expected some words to predict");
        }
        return windows;
    }

    private static String withoutEmptyLinesAround(String text) {
        int from = 0;
        int to = text.length();
        while (from < to && text.charAt(from) == '\n') {
            from++;
        }
        while (to > from && text.charAt(to - 1) == '\n') {
            to--;
        }
        return text.substring(from, to);
    }

    /**
     * Predicts windows.
     *
     * @param sequence whose context is at least as long as the longest window; its tokens are lost
     * @param begin the mark for the begin of a text
     * @throws NotFiniteException if a logit is not finite
     */
    public static Result measure(Sequence sequence, int begin, List<int[]> windows, Listener listener) {
        Sums sums = new Sums();
        for (int[] window : windows) {
            int[] seen = new int[window.length];
            seen[0] = begin;
            System.arraycopy(window, 0, seen, 1, window.length - 1);
            double[] nats = new double[1];
            sequence.rewind(0);
            sequence.prompt(seen, (i, logits) -> nats[0] += surprise(logits, window[i]));
            sums.add(nats[0], window.length);
            listener.window(sums.windows, windows.size(), sums.result());
        }
        return sums.result();
    }

    /**
     * {@code -ln softmax(logits)[token]}, in f64.
     *
     * @throws NotFiniteException if it is not finite
     */
    private static double surprise(float[] logits, int token) {
        float max = Float.NEGATIVE_INFINITY;
        for (float logit : logits) {
            max = Math.max(max, logit);
        }
        double sum = 0;
        for (float logit : logits) {
            sum += Math.exp((double) logit - max);
        }
        double surprise = Math.log(sum) + max - logits[token];
        if (!Double.isFinite(surprise)) {
            throw new NotFiniteException("the surprise at token " + token + " is " + surprise);
        }
        return surprise;
    }

    /** What the mean and its error are made of: sums over windows of their nats x and their tokens n. */
    private static final class Sums {

        private int windows;
        private long n;
        private double x;
        private double xx;
        private double xn;
        private double nn;

        void add(double nats, int tokens) {
            windows++;
            n += tokens;
            x += nats;
            xx += nats * nats;
            xn += nats * tokens;
            nn += (double) tokens * tokens;
        }

        /** The error of a ratio of two means (Cochran, Sampling Techniques, section 2.11). */
        Result result() {
            double mean = x / n;
            double squares = xx - 2 * mean * xn + mean * mean * nn;
            double error = windows < 2 ? Double.NaN : Math.sqrt(Math.max(0, squares) * windows / (windows - 1.0)) / n;
            return new Result(n, windows, mean, error);
        }
    }
}
