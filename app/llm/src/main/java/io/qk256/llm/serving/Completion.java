package io.qk256.llm.serving;

import io.qk256.llm.generation.GenerationOptions.WhenFull;
import io.qk256.llm.generation.Sampler;
import io.qk256.llm.generation.TokenConstraint;
import io.qk256.llm.model.Sequence;
import io.qk256.llm.model.Step;
import io.qk256.llm.text.Tokenizer;
import java.time.Duration;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * A text that is continued. What it computes depends on its request alone: the logits of its sequence do not depend on
 * other sequences, and everything else is its own.
 */
final class Completion extends Job implements Handle {

    /** In a smaller context, the half that is kept is too short to continue from. */
    private static final int LEAST_TO_FORGET = 8;

    private final CompletionRequest request;
    private final int[] prompt;
    private final Delivery delivery;
    private volatile boolean cancelled;
    private volatile boolean done;

    private @Nullable Writing writing;
    private int reused;
    private int tokens;
    private int forgotten;
    private long queued;
    private long toFirstToken;
    private long fullSince;
    private boolean isFull;

    /** When it last had a turn among the prompts; 0 for never. */
    private long turn;

    /**
     * What it needs once it is started.
     *
     * @param endings the tokens that end a text
     */
    private record Writing(Sampler sampler, PieceWriter writer, Tokenizer tokenizer, BitSet endings, BitSet mask) {}

    private @Nullable Sequence sequence;

    /** The tokens to compute, of which some are done. */
    private int[] pending;

    private int pendingFrom;
    private boolean inPrompt = true;

    /** What {@link #choose} has chosen, or the exception that it threw. */
    private OptionalInt choice = OptionalInt.empty();

    private @Nullable Throwable failure;

    Completion(CompletionRequest request, Delivery delivery, long submitted) {
        super(request.key(), submitted, request.timeout());
        this.request = request;
        this.prompt = request.prompt();
        this.pending = prompt;
        this.delivery = delivery;
    }

    @Override
    public void cancel() {
        cancelled = true;
    }

    @Override
    public boolean isDone() {
        return done;
    }

    int[] prompt() {
        return prompt;
    }

    /** The most tokens whose keys and values it needs; the last token that it writes is not computed. */
    int mostTokens(int context) {
        return (int) Math.min(context, (long) prompt.length + Math.max(0, request.maxTokens() - 1));
    }

    @Override
    @Nullable
    FinishReason overdue(long now, boolean isWaiting) {
        if (cancelled) {
            return FinishReason.CANCELLED;
        }
        return isWaiting && isOver(request.queueTimeout(), now) ? FinishReason.TIMEOUT : super.overdue(now, isWaiting);
    }

    /** What the listener threw, or null. */
    @Nullable
    Throwable thrownByListener() {
        return delivery.thrown();
    }

    /** Whether the listener must catch up first. */
    boolean isPaused(long now) {
        boolean full = delivery.isFull();
        if (full && !isFull) {
            fullSince = now;
        }
        isFull = full;
        return full;
    }

    /** Whether the listener has lagged behind for longer than this. */
    boolean isStalled(long now, Duration stall) {
        return isPaused(now) && now - fullSince > nanos(stall);
    }

    /** Interrupts a listener that blocks. */
    void interruptListener() {
        delivery.interrupt();
    }

    /** Begins to compute it. */
    void start(Sequence empty, Tokenizer tokenizer, BitSet endings, long now) {
        Sampler sampler = new Sampler(request.sampling(), tokenizer.vocabularySize());
        for (int token : prompt) {
            sampler.acceptPrompt(token);
        }
        writing = new Writing(sampler, new PieceWriter(tokenizer, request.stop()), tokenizer, endings, new BitSet());
        sequence = empty;
        queued = age(now);
    }

    boolean hasStarted() {
        return sequence != null;
    }

    /** Why it may not write a further token, or null. */
    @Nullable
    FinishReason limit() {
        if (tokens == request.maxTokens()) {
            return FinishReason.LIMIT;
        }
        int context = sequence().context();
        boolean forgets = request.whenFull() == WhenFull.FORGET_OLDEST && context >= LEAST_TO_FORGET;
        return forgets || prompt.length + tokens < context ? null : FinishReason.CONTEXT;
    }

    Sequence sequence() {
        return Objects.requireNonNull(sequence, "a completion that has not started");
    }

    private Writing writing() {
        return Objects.requireNonNull(writing, "a completion that has not started");
    }

    long turn() {
        return turn;
    }

    void turn(long number) {
        turn = number;
    }

    int tokens() {
        return tokens;
    }

    /** The number of tokens to compute before the next one can be chosen, 1 or more. */
    int pendingCount() {
        return pending.length - pendingFrom;
    }

    /** Whether these are tokens of the prompt. */
    boolean isInPrompt() {
        return inPrompt;
    }

    /** The step that adds the first {@code count} of these tokens. */
    Step step(int count) {
        int[] next = Arrays.copyOfRange(pending, pendingFrom, pendingFrom + count);
        boolean needsAll = request.constraint().isPresent() || request.logprobs() != CompletionRequest.NO_LOGPROBS;
        sequence().wantBest(needsAll ? 0 : writing().sampler.tokensNeeded());
        return count == pendingCount() ? sequence().next(next) : sequence().nextWithoutLogits(next);
    }

    /** The next {@code count} of these tokens have been added; returns whether the next one can be chosen. */
    boolean added(int count) {
        pendingFrom += count;
        return pendingFrom == pending.length;
    }

    /** Continues with a sequence that has more tokens of the prompt; the caller closes the other one. */
    void reuse(Sequence other) {
        reused += other.position() - sequence().position();
        sequence = other;
        pendingFrom = other.position();
    }

    /**
     * Chooses the next token, for {@link #next}. Different threads may choose those of different completions at once,
     * because no grammar, which may share what it has found out, has a say in it.
     */
    void choose() {
        if (request.constraint().isEmpty()) {
            try {
                choice = OptionalInt.of(writing().sampler.sample(sequence().logits()));
            } catch (RuntimeException | Error e) {
                failure = e;
            }
        }
    }

    private OptionalInt takeChoice() {
        OptionalInt taken = choice;
        Throwable thrown = failure;
        choice = OptionalInt.empty();
        failure = null;
        if (thrown instanceof Error error) {
            throw error;
        } else if (thrown != null) {
            throw (RuntimeException) thrown;
        }
        return taken;
    }

    /**
     * Adds the next token.
     *
     * @return why the text ends here, or null
     */
    @Nullable
    FinishReason next(long now) {
        Writing to = writing();
        float[] logits = sequence().logits();
        OptionalInt next = request.constraint()
                .map(constraint -> choose(to, logits, constraint))
                .orElseGet(this::takeChoice);
        if (next.isEmpty()) {
            boolean mayEnd = request.constraint().map(TokenConstraint::mayEnd).orElse(true);
            return mayEnd ? FinishReason.COMPLETE : FinishReason.CUT_BY_GRAMMAR;
        }
        int token = next.getAsInt();
        if (to.endings.get(token)) {
            return FinishReason.COMPLETE;
        }
        if (tokens == 0) {
            toFirstToken = age(now);
        }
        tokens++;
        to.sampler.accept(token);
        request.constraint().ifPresent(constraint -> constraint.accept(token));
        emit(to.writer.accept(Logprobs.of(token, logits, request.logprobs())));
        return to.writer.found() == null ? goOn(token) : FinishReason.STOP_STRING;
    }

    private static OptionalInt choose(Writing to, float[] logits, TokenConstraint constraint) {
        to.mask.clear();
        to.mask.or(constraint.allowed());
        to.mask.andNot(to.endings);
        if (constraint.mayEnd()) {
            to.mask.or(to.endings);
        }
        return to.sampler.sample(logits, to.mask);
    }

    private @Nullable FinishReason goOn(int token) {
        FinishReason limit = limit();
        if (limit != null) {
            return limit;
        }
        Sequence all = sequence();
        pending = all.position() == all.context() ? forgetAndAdd(token) : new int[] {token};
        pendingFrom = 0;
        inPrompt = false;
        return null;
    }

    /** Keys depend on positions, so the tokens that are kept are computed again at their new positions. */
    private int[] forgetAndAdd(int token) {
        int[] all = sequence().tokens();
        int kept = all.length / 2 - 1;
        int[] rest = Arrays.copyOfRange(all, all.length - kept, all.length + 1);
        rest[kept] = token;
        forgotten += all.length - 1 - kept;
        sequence().rewind(1);
        return rest;
    }

    private void emit(@Nullable TextPiece piece) {
        if (piece != null) {
            delivery.text(piece);
        }
    }

    @Override
    FinishReason end(FinishReason reason, long now) {
        String stop = null;
        if (writing != null) {
            if (!reason.isInterruption()) { // What is held back may be the beginning of a stop string.
                emit(writing.writer.finish());
            }
            stop = writing.writer.found();
        }
        CompletionEnd end = new CompletionEnd(
                stop == null ? reason : stoppedBy(),
                Optional.ofNullable(stop),
                new Usage(prompt.length, reused, tokens, forgotten),
                Duration.ofNanos(writing == null ? age(now) : queued),
                Duration.ofNanos(toFirstToken),
                Duration.ofNanos(age(now)));
        done = true;
        delivery.end(listener -> listener.finished(end));
        return end.reason();
    }

    /** What is cut before a stop string is not what a grammar asks for. */
    private FinishReason stoppedBy() {
        return request.constraint().isPresent() ? FinishReason.CUT_BY_GRAMMAR : FinishReason.STOP_STRING;
    }

    @Override
    void fail(Throwable cause) {
        done = true;
        delivery.end(listener -> listener.failed(cause));
    }
}
