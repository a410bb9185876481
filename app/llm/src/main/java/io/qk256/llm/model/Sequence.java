package io.qk256.llm.model;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A text in an {@link Engine}: the tokens so far with their keys and values, and the scores of what comes next. Logits are the
 * same to the bit for every kernel, number of threads and batch size, whether tokens come one by one or at once, and whatever
 * other sequences are computed beside them.
 *
 * <p>Keys and values lie in pages, which {@linkplain #fork forks} share until one of them writes. Once its buffers have their
 * size, adding tokens allocates no memory on the heap.
 *
 * <p>For one thread at a time together with its engine and the engine's other sequences: a call while another one is under
 * way gives an {@link IllegalStateException} and changes nothing; so does a call after the end.
 */
public final class Sequence implements AutoCloseable {

    private static final int FIRST_TOKENS = 256;

    private final Engine engine;
    private final int context;
    private final PageTable pages;
    private final Step single;
    private int[] tokens;
    private int position;
    private float @Nullable [] logits;
    private boolean closed;

    Sequence(Engine engine, int context, PageTable pages) {
        this.engine = engine;
        this.context = context;
        this.pages = pages;
        this.tokens = new int[Math.min(context, FIRST_TOKENS)];
        this.single = new Step(this, new int[1]);
    }

    /** Number of tokens so far. */
    public int position() {
        return position;
    }

    /** Most tokens that it can hold. */
    public int context() {
        return context;
    }

    /** A copy of the tokens so far. */
    public int[] tokens() {
        return Arrays.copyOf(tokens, position);
    }

    /**
     * How many tokens from the beginning on are those of a text: what of a prompt need not be computed again.
     *
     * @return 0 to the smaller of both lengths
     */
    public int commonWith(int[] text) {
        int limit = Math.min(position, text.length);
        int mismatch = Arrays.mismatch(tokens, 0, limit, text, 0, limit);
        return mismatch < 0 ? limit : mismatch;
    }

    /**
     * The scores after the last token that was added; the same array at every call, overwritten when tokens are added.
     *
     * @throws IllegalStateException if no token was added yet
     */
    public float[] logits() {
        if (logits == null) {
            throw new IllegalStateException("sequence: it has no logits before a token is added");
        }
        return logits;
    }

    /** These tokens as its part in a {@linkplain Engine#step step}. */
    public Step next(int... added) {
        return new Step(this, added);
    }

    /**
     * Adds a token.
     *
     * @return a score for each token of the vocabulary to be the next one; see {@link #logits}
     * @throws IllegalArgumentException if the token is not in the vocabulary
     * @throws IllegalStateException if the context is full, a call is under way, or this is closed; nothing is added then
     */
    public float[] decode(int token) {
        engine.addOne(single, token);
        return logits();
    }

    /**
     * Adds tokens, in batches, so that the weights are read once for many of them.
     *
     * @param added one or more
     * @return the scores after the last one; see {@link #logits}
     * @throws IllegalArgumentException if there is no token, or one is not in the vocabulary
     * @throws IllegalStateException if the context has not so much room, a call is under way, or this is closed;
     *     nothing is added then
     */
    public float[] prompt(int[] added) {
        engine.add(new Step(this, added), null);
        return logits();
    }

    /**
     * Adds tokens, and gives the logits after each of them: what perplexity is computed from.
     *
     * @throws IllegalArgumentException if there is no token, or one is not in the vocabulary
     * @throws IllegalStateException if the context has not so much room, a call is under way, or this is closed;
     *     nothing is added then
     */
    public void prompt(int[] added, LogitsListener listener) {
        engine.add(new Step(this, added), listener);
    }

    /**
     * Goes back to an earlier position, as if the tokens from there on had never been.
     *
     * @param newPosition 0 to the current one
     * @throws IllegalArgumentException if it is beyond the current one
     * @throws IllegalStateException if a call is under way, or this is closed
     */
    public void rewind(int newPosition) {
        engine.run(() -> {
            requireOpen();
            if (newPosition < 0 || newPosition > position) {
                throw new IllegalArgumentException("position: " + newPosition + ", expected 0 to " + position);
            }
            takeBack(newPosition);
        });
    }

    /**
     * Another sequence that begins with these tokens, as if they had been added to it. It shares the pages of their keys and
     * values, and copies at most one when either of both goes on.
     *
     * @throws IllegalStateException if a call is under way, or this is closed
     */
    public Sequence fork() {
        return engine.fork(this);
    }

    /**
     * Gives its pages back. Closing again does nothing.
     *
     * @throws IllegalStateException if a call is under way; nothing is closed then
     */
    @Override
    public void close() {
        engine.close(this);
    }

    Engine engine() {
        return engine;
    }

    PageTable pages() {
        return pages;
    }

    boolean isClosed() {
        return closed;
    }

    void requireOpen() {
        if (closed) {
            throw new IllegalStateException("sequence: it is closed; make another one");
        }
    }

    void requireRoom(int count) {
        if (count > context - position) {
            throw new IllegalStateException("the context is full: it holds " + position + " of " + context
                    + " tokens, and " + count + " more are to come; shorten the text or give more context");
        }
    }

    /** Notes tokens whose keys and values are about to be computed. */
    void take(int[] from, int at, int count) {
        if (tokens.length < position + count) {
            tokens = Arrays.copyOf(tokens, (int) Math.min(context, Math.max(2L * tokens.length, position + count)));
        }
        System.arraycopy(from, at, tokens, position, count);
        position += count;
    }

    void takeBack(int newPosition) {
        position = newPosition;
        pages.shrink(newPosition);
    }

    float[] logitsToFill(int vocabulary) {
        if (logits == null) {
            logits = new float[vocabulary];
        }
        return logits;
    }

    void copyFrom(Sequence other) {
        tokens = other.tokens.clone();
        position = other.position;
        logits = other.logits == null ? null : other.logits.clone();
        pages.share(other.pages, position);
    }

    void release() {
        closed = true;
        pages.shrink(0);
    }

    @Override
    public String toString() {
        return "sequence, " + position + " of " + context + " tokens";
    }
}
