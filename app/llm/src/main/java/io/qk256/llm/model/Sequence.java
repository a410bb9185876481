package io.qk256.llm.model;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A text in an {@link Engine}: the tokens so far with their keys and values, and the logits of the next token. Logits
 * are the same to the bit for every kernel, number of threads and batch size, whether tokens are added one by one or at
 * once, and whatever other sequences are computed at the same time.
 *
 * <p>Keys and values are stored in pages, which {@linkplain #fork forks} share until one of them writes. Once the
 * buffers have grown, adding tokens allocates no heap memory.
 *
 * <p>Only one thread at a time may use an engine and its sequences: a call while another call is in progress throws
 * {@link IllegalStateException} and changes nothing; so does a call after {@code close}.
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

    /** Whether the logits are those after the last token. */
    private boolean current;

    private int best;
    private boolean closed;

    Sequence(Engine engine, int context, PageTable pages) {
        this.engine = engine;
        this.context = context;
        this.pages = pages;
        this.tokens = new int[Math.min(context, FIRST_TOKENS)];
        this.single = new Step(this, new int[1], true);
    }

    /** The number of tokens so far. */
    public int position() {
        return position;
    }

    /** The most tokens that this sequence can hold. */
    public int context() {
        return context;
    }

    /** A copy of the tokens so far. */
    public int[] tokens() {
        return Arrays.copyOf(tokens, position);
    }

    /**
     * Returns the length of the common prefix with a text: the part of a prompt that need not be computed again.
     *
     * @return 0 to the smaller of both lengths
     */
    public int commonWith(int[] text) {
        int limit = Math.min(position, text.length);
        int mismatch = Arrays.mismatch(tokens, 0, limit, text, 0, limit);
        return mismatch < 0 ? limit : mismatch;
    }

    /**
     * Returns the logits after the last token, as far as they are {@linkplain #wantBest wanted}; always the same array,
     * overwritten when tokens are added.
     *
     * @throws IllegalStateException if no token has been added yet
     */
    public float[] logits() {
        if (logits == null || !current) {
            throw new IllegalStateException("sequence: it has no logits until a token is added");
        }
        return logits;
    }

    /**
     * Says which logits are needed from now on; without this call, all are. A {@linkplain HeadType#SCREENED screened}
     * head then reads fewer weights. The others change nothing.
     *
     * @param count the number of most likely tokens that need their logits; tokens that are as likely as the last of
     *     them have theirs too, others have theirs or minus infinity. 0 for all tokens
     * @throws IllegalArgumentException if it is negative
     */
    public void wantBest(int count) {
        if (count < 0) {
            throw new IllegalArgumentException("best: " + count + " tokens, expected 0 (all) or more");
        }
        best = count;
    }

    /** How many of the most likely tokens need their logits; 0 for all. */
    int best() {
        return best;
    }

    /** Returns a step that adds tokens to this sequence, for {@link Engine#step}. */
    public Step next(int... added) {
        return new Step(this, added, true);
    }

    /**
     * Returns a step that adds tokens to this sequence, which has no {@link #logits} afterwards until the next one is
     * added: for a prompt in pieces, of which only the last one needs them.
     */
    public Step nextWithoutLogits(int... added) {
        return new Step(this, added, false);
    }

    /**
     * Adds a token.
     *
     * @return the logits of the next token, one for each token of the vocabulary; see {@link #logits}
     * @throws IllegalArgumentException if the token is not in the vocabulary
     * @throws IllegalStateException if the context is full, a call is in progress, or this is closed; nothing is added
     *     then
     */
    public float[] decode(int token) {
        engine.addOne(single, token);
        return logits();
    }

    /**
     * Adds tokens in batches, so that the weights are read once for many of them.
     *
     * @param added one or more tokens
     * @return the logits after the last one; see {@link #logits}
     * @throws IllegalArgumentException if there are no tokens, or one is not in the vocabulary
     * @throws IllegalStateException if the tokens do not fit in the context, a call is in progress, or this is closed;
     *     nothing is added then
     */
    public float[] prompt(int[] added) {
        engine.add(new Step(this, added, true), null);
        return logits();
    }

    /**
     * Adds tokens and reports all logits after each of them, for example to compute perplexity.
     *
     * @throws IllegalArgumentException if there are no tokens, or one is not in the vocabulary
     * @throws IllegalStateException if the tokens do not fit in the context, a call is in progress, or this is closed;
     *     nothing is added then
     */
    public void prompt(int[] added, LogitsListener listener) {
        engine.add(new Step(this, added, true), listener);
    }

    /**
     * Goes back to an earlier position, as if the tokens from there on had never been added.
     *
     * @param newPosition 0 to the current position
     * @throws IllegalArgumentException if it is out of this range
     * @throws IllegalStateException if a call is in progress, or this is closed
     */
    public void rewind(int newPosition) {
        engine.run(() -> {
            requireOpen();
            requirePosition(newPosition);
            current &= newPosition == position;
            takeBack(newPosition);
        });
    }

    /**
     * Creates another sequence with the same tokens, as if they had been added to it. It shares the pages of their keys
     * and values; at most one page is copied when either sequence continues.
     *
     * @throws IllegalStateException if a call is in progress, or this is closed
     */
    public Sequence fork() {
        return engine.fork(this);
    }

    /**
     * Creates another sequence with the first tokens of this one. It shares the pages of their keys and values; unlike
     * {@link #fork()} it has no logits until a token is added, so it needs little memory of its own.
     *
     * @param count the number of tokens, 0 to {@link #position}
     * @throws IllegalArgumentException if it is out of this range
     * @throws IllegalStateException if a call is in progress, or this is closed
     */
    public Sequence fork(int count) {
        return engine.fork(this, count);
    }

    /**
     * Returns its pages to the engine. Closing again does nothing.
     *
     * @throws IllegalStateException if a call is in progress; nothing is closed then
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

    void requirePosition(int other) {
        if (other < 0 || other > position) {
            throw new IllegalArgumentException("position: " + other + ", expected 0 to " + position);
        }
    }

    void requireRoom(int count) {
        if (count > context - position) {
            throw new IllegalStateException("the context is full: it holds " + position + " of " + context
                    + " tokens, and " + count + " more do not fit; shorten the text or use a larger context");
        }
    }

    /** Records tokens whose keys and values are about to be computed. */
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

    void dropLogits() {
        logits = null;
    }

    float[] logitsToFill(int vocabulary) {
        if (logits == null) {
            logits = new float[vocabulary];
        }
        current = true;
        return logits;
    }

    void copyFrom(Sequence other) {
        copyFrom(other, other.position);
        logits = other.logits == null || !other.current ? null : other.logits.clone();
        current = logits != null;
    }

    /** Leaves out the logits, which are large and of use for the last token only. */
    void copyFrom(Sequence other, int count) {
        tokens = Arrays.copyOf(other.tokens, Math.max(count, 1));
        position = count;
        best = other.best;
        pages.share(other.pages, count);
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
