package io.qk256.app.model;

import io.qk256.spi.Kernel;
import io.qk256.spi.ParallelKernel;
import io.qk256.spi.RowTask;
import java.lang.foreign.Arena;
import java.util.Objects;

/**
 * A conversation with a model: the tokens so far, and what comes next. Logits are the same to the bit for every kernel, number
 * of threads and batch size, and whether tokens come one by one or as a prompt.
 *
 * <p>Buffers are allocated at the start, memory for keys and values as tokens come, a chunk for 256 at a time; else decoding
 * allocates nothing. For one thread at a time; it has threads of its own, which {@link #close} ends. Must be closed before its
 * model.
 */
public final class Session implements AutoCloseable {

    /** From so many tokens on, attention is a part of the time that is worth a warm-up. */
    private static final int LONG_PROMPT = 64;

    private static final int LONG_TEXT = 512;

    private final Weights weights;
    private final Reductions reductions;
    private final OutputHead head;
    private final ParallelKernel kernel;
    private final Arena arena;
    private final Forward forward;
    private final int batch;
    private final int context;
    private final int[] single = new int[1];
    private final float[] normalized;
    private final float[] logits;
    private final RowTask headRows;
    private int position;

    @SuppressWarnings("MustBeClosedChecker") // Arena and threads live as long as the session, whose close() ends them.
    Session(Weights weights, Reductions reductions, OutputHead head, Kernel kernel, SessionOptions options) {
        ModelConfig config = weights.config();
        this.weights = weights;
        this.reductions = reductions;
        this.head = head;
        this.context = options.context() == 0 ? config.contextLength() : options.context();
        this.batch = Math.min(options.batch(), context);
        this.normalized = new float[config.width()];
        this.logits = new float[config.vocabulary()];
        this.headRows = (from, to) -> head.rows(normalized, logits, from, to);
        this.arena = Arena.ofShared();
        this.kernel = ParallelKernel.withThreads(kernel, options.threads());
        KvCache cache = KvCache.of(arena, options.cache(), config, context);
        this.forward = new Forward(weights, reductions, kernel, this.kernel, cache, arena, batch);
    }

    /** Number of tokens so far. */
    public int position() {
        return position;
    }

    /** Most tokens that it can hold. */
    public int context() {
        return context;
    }

    /**
     * Goes back to an earlier position, as if the tokens from there on had never been.
     *
     * @param newPosition 0 to the current one
     * @throws IllegalArgumentException if it is beyond the current one
     */
    public void rewind(int newPosition) {
        if (newPosition < 0 || newPosition > position) {
            throw new IllegalArgumentException("position: " + newPosition + ", expected 0 to " + position);
        }
        position = newPosition;
    }

    /**
     * Adds a token.
     *
     * @return a score for each token of the vocabulary to be the next one; the same array at every call
     * @throws IllegalArgumentException if the token is not in the vocabulary
     * @throws IllegalStateException if the context is full
     */
    public float[] decode(int token) {
        single[0] = token;
        return prompt(single);
    }

    /**
     * Adds tokens, in batches, so that the weights are read once for many of them.
     *
     * @param tokens one or more
     * @return the scores after the last one; the same array at every call
     * @throws IllegalArgumentException if there is no token, or one is not in the vocabulary
     * @throws IllegalStateException if the context has not so much room; nothing is added then
     */
    public float[] prompt(int[] tokens) {
        requireTokens(tokens);
        warmUpFor(tokens);
        for (int from = 0; from < tokens.length; from += batch) {
            int count = Math.min(batch, tokens.length - from);
            boolean last = from + count == tokens.length;
            forward.run(tokens, from, count, position, last ? 1 : 0);
            position += count;
            if (last) {
                computeLogits(0);
            }
        }
        WarmingReductions.WARM_UP.start(); // There will be another token.
        return logits;
    }

    private void warmUpFor(int[] tokens) {
        if (tokens.length >= LONG_PROMPT) {
            WarmingReductions.WARM_UP.start();
        }
        if (tokens.length >= LONG_PROMPT || position >= LONG_TEXT) {
            Attention.WARM_UP.start();
        }
    }

    /**
     * Adds tokens, and gives the logits after each of them: what perplexity is computed from.
     *
     * @throws IllegalArgumentException if there is no token, or one is not in the vocabulary
     * @throws IllegalStateException if the context has not so much room; nothing is added then
     */
    public void prompt(int[] tokens, LogitsListener listener) {
        requireTokens(tokens);
        warmUpFor(tokens);
        for (int from = 0; from < tokens.length; from += batch) {
            int count = Math.min(batch, tokens.length - from);
            forward.run(tokens, from, count, position, count);
            position += count;
            for (int i = 0; i < count; i++) {
                computeLogits(i);
                listener.accept(from + i, logits);
            }
        }
    }

    private void computeLogits(int column) {
        weights.outputNorm().apply(reductions, forward.state(), column * normalized.length, normalized, 0);
        if (head.roundsToHalf()) {
            Half.round(normalized, 0, normalized.length);
        }
        kernel.forRows(logits.length, OutputHead.MIN_ROWS, headRows);
    }

    private void requireTokens(int[] tokens) {
        if (tokens.length == 0) {
            throw new IllegalArgumentException("tokens: none, expected one or more");
        }
        for (int token : tokens) {
            if (token < 0 || token >= logits.length) {
                throw new IllegalArgumentException(
                        "token: " + token + ", expected 0 to " + (logits.length - 1) + " (the vocabulary)");
            }
        }
        if (tokens.length > context - position) {
            throw new IllegalStateException("the context is full: it holds " + position + " of " + context
                    + " tokens, and " + tokens.length + " more are to come; shorten the text or give more context");
        }
    }

    /** Ends its threads and frees its memory. */
    @Override
    public void close() {
        kernel.close();
        arena.close();
    }

    @Override
    public String toString() {
        return "session with " + Objects.toString(kernel) + ", " + position + " of " + context + " tokens";
    }
}
