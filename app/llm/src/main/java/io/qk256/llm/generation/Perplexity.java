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
 * <p>The text is split into documents at lines that contain only the model's end-of-text token. Each document,
 * including that token, is split into windows. Each token of a window is predicted from the begin-of-text token and the
 * window's earlier tokens. No window sees another one.
 */
public final class Perplexity {

    /** 95 % of a normal distribution lie within this many standard deviations. */
    private static final double NORMAL_95 = 1.959964;

    private Perplexity() {}

    /** Receives progress. */
    @FunctionalInterface
    public interface Listener {

        /** Called after each window, with the result of all windows so far. */
        void window(int done, int total, Result soFar);
    }

    /**
     * How well the tokens were predicted.
     *
     * @param tokens number of tokens
     * @param windows number of windows
     * @param natsPerToken the mean of {@code -ln p}
     * @param standardError the standard error of the mean, with windows assumed independent and tokens within a window
     *     not; NaN for a single window
     */
    public record Result(long tokens, int windows, double natsPerToken, double standardError) {

        /** The exponential of the mean. */
        public double perplexity() {
            return Math.exp(natsPerToken);
        }

        /** The lower end of the 95 % confidence interval of the perplexity of such texts. */
        public double low() {
            return Math.exp(natsPerToken - NORMAL_95 * standardError);
        }

        /** The upper end of the interval. */
        public double high() {
            return Math.exp(natsPerToken + NORMAL_95 * standardError);
        }
    }

    /**
     * Splits a text into windows.
     *
     * @param length maximum length of a window in tokens
     * @throws UserError if the text is blank
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
            throw new UserError("the text is empty, expected some text to predict");
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
     * Computes the perplexity of windows.
     *
     * @param sequence a sequence with a context of at least the longest window; its tokens are discarded
     * @param begin the begin-of-text token
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

    /** The sums for the mean and its error, over the nats x and token counts n of windows. */
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

        /** Uses the standard error of a ratio of two means (Cochran, Sampling Techniques, section 2.11). */
        Result result() {
            double mean = x / n;
            double squares = xx - 2 * mean * xn + mean * mean * nn;
            double error = windows < 2 ? Double.NaN : Math.sqrt(Math.max(0, squares) * windows / (windows - 1.0)) / n;
            return new Result(n, windows, mean, error);
        }
    }
}
