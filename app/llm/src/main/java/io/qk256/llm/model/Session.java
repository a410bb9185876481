package io.qk256.llm.model;

import io.qk256.spi.Kernel;
import io.qk256.spi.parallel.ParallelKernel;
import io.qk256.spi.parallel.RowTask;
import java.lang.foreign.Arena;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;

/**
 * A conversation with a model: the tokens so far, and what comes next. Logits are the same to the bit for every kernel, number
 * of threads and batch size, and whether tokens come one by one or as a prompt.
 *
 * <p>Buffers are allocated at the start, memory for keys and values as tokens come, a chunk for 256 at a time; else decoding
 * allocates nothing. For one thread at a time; it has threads of its own, which {@link #close} ends. Must be closed before its
 * model.
 *
 * <p>A call while another one is under way, from a listener or from another thread, gives an {@link IllegalStateException}
 * and leaves the other as it is; so does a call after the end.
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
    private final Runnable onClose;
    private final AtomicReference<State> state = new AtomicReference<>(State.IDLE);
    private int position;

    private enum State {
        IDLE,
        WORKING,
        CLOSED
    }

    /**
     * A session.
     *
     * @param arena becomes the session's own, which closes it, here too if the session cannot be made
     * @param onClose run once it is closed
     * @throws IllegalArgumentException if so large a batch does not fit in arrays
     * @throws IllegalStateException if the system does not give so many threads
     * @throws OutOfMemoryError if there is not so much memory
     */
    @SuppressWarnings("MustBeClosedChecker") // The threads live as long as the session, whose close() ends them.
    Session(
            Arena arena,
            Weights weights,
            Reductions reductions,
            OutputHead head,
            Kernel kernel,
            SessionOptions options,
            Runnable onClose) {
        ModelConfig config = weights.config();
        this.weights = weights;
        this.reductions = reductions;
        this.head = head;
        this.onClose = onClose;
        this.arena = arena;
        this.context = options.context() == 0 ? config.contextLength() : options.context();
        this.batch = Math.min(options.batch(), context);
        ParallelKernel made = null;
        try {
            requireArrays(batch, Math.max(config.width(), config.feedForward()));
            this.normalized = new float[config.width()];
            this.logits = new float[config.vocabulary()];
            this.headRows = (from, to) -> head.rows(normalized, logits, from, to);
            made = ParallelKernel.withThreads(kernel, options.threads());
            this.kernel = made;
            KvCache cache = KvCache.of(arena, options.cache(), config, context);
            this.forward = new Forward(weights, reductions, kernel, made, cache, arena, batch);
        } catch (Throwable e) { // such as an OutOfMemoryError
            if (made != null) {
                made.close();
            }
            arena.close();
            throw e;
        }
    }

    private static void requireArrays(int batch, int width) {
        if ((long) batch * width > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("batch: " + batch + " tokens, expected at most "
                    + Integer.MAX_VALUE / width + " for a model with " + width + " values for a token");
        }
    }

    private void begin() {
        switch (state.compareAndExchange(State.IDLE, State.WORKING)) {
            case IDLE -> {}
            case WORKING -> throw underWay();
            case CLOSED -> throw new IllegalStateException("session: it is closed; make another one");
        }
    }

    private void end() {
        state.set(State.IDLE);
    }

    private static IllegalStateException underWay() {
        return new IllegalStateException(
                "session: a call is under way, which may be the one that this listener belongs to; wait for its end");
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
     * @throws IllegalStateException if a call is under way, or the session is closed
     */
    public void rewind(int newPosition) {
        begin();
        try {
            if (newPosition < 0 || newPosition > position) {
                throw new IllegalArgumentException("position: " + newPosition + ", expected 0 to " + position);
            }
            position = newPosition;
        } finally {
            end();
        }
    }

    /**
     * Adds a token.
     *
     * @return a score for each token of the vocabulary to be the next one; the same array at every call
     * @throws IllegalArgumentException if the token is not in the vocabulary
     * @throws IllegalStateException if the context is full, a call is under way, or the session is closed
     */
    public float[] decode(int token) {
        begin();
        try {
            single[0] = token;
            return logitsAfter(single);
        } finally {
            end();
        }
    }

    /**
     * Adds tokens, in batches, so that the weights are read once for many of them.
     *
     * @param tokens one or more
     * @return the scores after the last one; the same array at every call
     * @throws IllegalArgumentException if there is no token, or one is not in the vocabulary
     * @throws IllegalStateException if the context has not so much room, a call is under way, or the session is closed;
     *     nothing is added then
     */
    public float[] prompt(int[] tokens) {
        begin();
        try {
            return logitsAfter(tokens);
        } finally {
            end();
        }
    }

    private float[] logitsAfter(int[] tokens) {
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
     * @throws IllegalStateException if the context has not so much room, a call is under way, or the session is closed;
     *     nothing is added then
     */
    public void prompt(int[] tokens, LogitsListener listener) {
        begin();
        try {
            logitsAfterEach(tokens, listener);
        } finally {
            end();
        }
    }

    private void logitsAfterEach(int[] tokens, LogitsListener listener) {
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

    /**
     * Ends its threads and frees its memory. Closing again does nothing.
     *
     * @throws IllegalStateException if a call is under way; nothing is closed then
     */
    @Override
    public void close() {
        switch (state.compareAndExchange(State.IDLE, State.CLOSED)) {
            case IDLE -> release();
            case WORKING -> throw underWay();
            case CLOSED -> {}
        }
    }

    private void release() {
        try {
            kernel.close();
        } finally {
            try {
                arena.close();
            } finally {
                onClose.run();
            }
        }
    }

    @Override
    public String toString() {
        return "session with " + Objects.toString(kernel) + ", " + position + " of " + context + " tokens";
    }
}
