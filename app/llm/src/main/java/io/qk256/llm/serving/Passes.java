package io.qk256.llm.serving;

import io.qk256.llm.model.Embeddings;
import io.qk256.llm.model.Engine;
import io.qk256.llm.model.Sequence;
import io.qk256.llm.model.Step;
import io.qk256.llm.text.Tokenizer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Continuous batching, one {@linkplain #round} at a time. A round starts what waits, ends what is overdue, and makes one
 * pass over the weights: a token of each completion that writes, and at most a piece of prompts. Jobs may be added by
 * any thread; all else is for the thread that makes the rounds.
 *
 * <p>A job is started only if the keys and values that it needs at most fit in memory beside those of all running jobs.
 * So no job fails midway for lack of memory. What is not in use holds texts for {@linkplain PrefixCache reuse}.
 */
final class Passes {

    private final Engine engine;
    private final Tokenizer tokenizer;
    private final SchedulerOptions options;
    private final LongSupplier clock;
    private final BitSet endings = new BitSet();
    private final Statistics statistics;
    private final long cacheBound;

    private final FairQueue waiting = new FairQueue();

    /** Jobs that have not ended; like {@link #waiting} and {@link #refusal}, guarded by the queue's monitor. */
    private int present;

    private @Nullable IllegalStateException refusal;

    private final List<Completion> running = new ArrayList<>();
    private final List<Embedding> embeddings = new ArrayList<>();
    private final PrefixCache prefixes = new PrefixCache();
    private long turns;

    /** A completion in a pass, and how many tokens it adds. */
    private record Part(Completion completion, int count) {}

    /**
     * Prepares to work.
     *
     * @param engine whose batch holds a token of each running completion and a piece of prompts
     * @param cacheBound the most bytes of keys and values, enough for a job of the engine's context
     * @param clock the time in nanoseconds
     */
    Passes(Engine engine, Tokenizer tokenizer, SchedulerOptions options, long cacheBound, LongSupplier clock) {
        this.engine = engine;
        this.tokenizer = tokenizer;
        this.options = options;
        this.cacheBound = cacheBound;
        this.clock = clock;
        this.statistics = new Statistics(options.parallel(), engine.context(), cacheBound);
        for (int token = 0; token < tokenizer.vocabularySize(); token++) {
            endings.set(token, tokenizer.isStop(token));
        }
    }

    /**
     * Adds a job to the queue.
     *
     * @param mostTokens the most tokens of a text whose keys and values it needs
     * @throws QueueFullException if the queue is full
     * @throws IllegalStateException if no more jobs are accepted
     */
    void add(Job job, int mostTokens) {
        synchronized (waiting) {
            if (refusal != null) {
                throw new IllegalStateException(refusal.getMessage(), refusal.getCause());
            }
            if (present >= capacity()) {
                statistics.refused();
                long seconds = Math.max(1, (long) Math.ceil(statistics.nanosUntilRoom() / 1e9));
                throw new QueueFullException(waiting.size(), Duration.ofSeconds(seconds));
            }
            job.cacheBytes(engine.cacheBytesOf(mostTokens));
            present++;
            waiting.add(job);
        }
    }

    /** The most jobs at once, running and waiting. */
    long capacity() {
        return (long) options.parallel() + options.queue();
    }

    /** Accepts no more jobs, for a reason. */
    void refuse(IllegalStateException reason) {
        synchronized (waiting) {
            if (refusal == null) {
                refusal = reason;
            }
        }
    }

    /** Whether there is no job. */
    boolean isIdle() {
        synchronized (waiting) {
            return present == 0;
        }
    }

    SchedulerStatus status() {
        synchronized (waiting) {
            return statistics.snapshot(waiting.size());
        }
    }

    /**
     * Makes a round.
     *
     * @return whether it has computed something; if not, nothing changes until a job is added or cancelled, a listener
     *     has caught up, or time has passed
     */
    boolean round() {
        endOverdue();
        startWaiting();
        List<Part> parts = choose();
        if (!parts.isEmpty()) {
            compute(parts);
        }
        boolean embedded = embedSome();
        statistics.state(running.size() + embeddings.size(), engine.cacheBytes(), prefixes.size());
        return !parts.isEmpty() || embedded;
    }

    private void endOverdue() {
        long now = clock.getAsLong();
        Map<Job, FinishReason> late = new LinkedHashMap<>();
        synchronized (waiting) {
            waiting.removeIf(job -> {
                FinishReason reason = job.overdue(now, true);
                return reason != null && late.put(job, reason) == null;
            });
        }
        late.forEach(this::finish);
        for (Completion completion : List.copyOf(running)) {
            FinishReason reason = completion.overdue(now, false);
            Throwable thrown = completion.thrownByListener();
            if (thrown != null) {
                fail(completion, thrown);
            } else if (reason != null) {
                finish(completion, reason);
            } else if (completion.isStalled(now, options.stall())) {
                completion.interruptListener();
                finish(completion, FinishReason.NOT_READ);
            }
        }
        for (Embedding embedding : List.copyOf(embeddings)) {
            FinishReason reason = embedding.overdue(now, false);
            if (reason != null) {
                finish(embedding, reason);
            }
        }
    }

    private void startWaiting() {
        while (running.size() + embeddings.size() < options.parallel()) {
            Job job;
            synchronized (waiting) {
                job = waiting.peek();
                if (job == null || reserved() + job.cacheBytes() > cacheBound) {
                    return;
                }
                waiting.remove();
            }
            switch (job) {
                case Embedding embedding -> embeddings.add(embedding);
                case Completion completion -> {
                    running.add(completion);
                    long now = clock.getAsLong();
                    guarded(completion, () -> {
                        completion.start(engine.sequence(), tokenizer, endings, now);
                        return completion.limit();
                    });
                }
            }
        }
    }

    private long reserved() {
        long bytes = 0;
        for (Completion completion : running) {
            bytes += completion.cacheBytes();
        }
        for (Embedding embedding : embeddings) {
            bytes += embedding.cacheBytes();
        }
        return bytes;
    }

    /** Every completion that writes adds its token; prompts take turns to share what a pass has for them. */
    private List<Part> choose() {
        long now = clock.getAsLong();
        List<Part> parts = new ArrayList<>();
        List<Completion> prompts = new ArrayList<>();
        for (Completion completion : running) {
            if (completion.pendingCount() > 1) {
                prompts.add(completion);
            } else if (!completion.isPaused(now)) {
                parts.add(new Part(completion, 1));
            }
        }
        int left = options.promptPiece();
        while (left > 0 && !prompts.isEmpty()) {
            Completion next = nextTurn(prompts);
            prompts.remove(next);
            if (next.isInPrompt()) {
                reuse(next);
            }
            int count = Math.min(left, next.pendingCount());
            next.turn(++turns);
            parts.add(new Part(next, count));
            left -= count;
        }
        return parts;
    }

    /** The prompt of the key, and of that key the one, whose last turn is longest ago; then in order of arrival. */
    private Completion nextTurn(List<Completion> prompts) {
        return prompts.stream()
                .min(Comparator.comparingLong((Completion prompt) -> lastTurn(prompt.key()))
                        .thenComparingLong(Completion::turn))
                .orElseThrow();
    }

    private long lastTurn(String key) {
        return running.stream()
                .filter(completion -> completion.key().equals(key))
                .mapToLong(Completion::turn)
                .max()
                .orElse(0);
    }

    /** Asks before each piece, as another completion may by now have computed the same beginning. */
    private void reuse(Completion completion) {
        List<Sequence> others = new ArrayList<>();
        for (Completion other : running) {
            if (other != completion) {
                others.add(other.sequence());
            }
        }
        Sequence own = completion.sequence();
        int[] prompt = completion.prompt();
        Sequence found = prefixes.find(prompt, others, own.position() + PrefixCache.LEAST_SHARED);
        if (found == null) {
            return;
        }
        int common = Math.min(found.commonWith(prompt), prompt.length - 1); // Only computing a token gives logits.
        if (common > own.position()) {
            statistics.reused(common - own.position());
            completion.reuse(found.fork(common));
            own.close();
        }
    }

    private void compute(List<Part> parts) {
        makeRoom(engine.cacheBytesOf(steps(parts)));
        Map<Completion, Throwable> failures = step(parts);
        int tokensOfPrompts = 0;
        for (Part part : parts) {
            tokensOfPrompts += part.completion.isInPrompt() ? part.count : 0;
        }
        statistics.pass(parts.size(), tokensOfPrompts);
        List<Completion> writing = new ArrayList<>();
        for (Part part : parts) {
            Completion completion = part.completion;
            Throwable failure = failures.get(completion);
            if (failure != null) {
                fail(completion, failure);
            } else if (completion.added(part.count)) {
                writing.add(completion);
            }
        }
        engine.forEach(writing.size(), i -> writing.get(i).choose());
        long now = clock.getAsLong();
        for (Completion completion : writing) {
            guarded(completion, () -> next(completion, now));
        }
    }

    private @Nullable FinishReason next(Completion completion, long now) {
        FinishReason overdue = completion.overdue(now, false);
        if (overdue != null) {
            return overdue;
        }
        int before = completion.tokens();
        FinishReason reason = completion.next(now);
        if (completion.tokens() > before) {
            statistics.decoded();
            if (before == 0) {
                statistics.firstToken(completion.age(now));
            }
        }
        return reason;
    }

    private static List<Step> steps(List<Part> parts) {
        List<Step> steps = new ArrayList<>();
        for (Part part : parts) {
            steps.add(part.completion.step(part.count));
        }
        return steps;
    }

    /** Drops texts that are kept for reuse until there is room for more keys and values. */
    private void makeRoom(long bytes) {
        boolean dropped = true;
        while (dropped && engine.cacheBytes() + bytes > cacheBound) {
            dropped = dropPrefix();
        }
    }

    /** Drops the text that has been kept for the longest time since its last use; returns false if there is none. */
    boolean dropPrefix() {
        return prefixes.dropOldest();
    }

    /**
     * Computes all steps in one pass. If that fails, nothing has been added; each step is then computed alone, with the
     * same results, so that only the completions that cause the failure fail.
     */
    private Map<Completion, Throwable> step(List<Part> parts) {
        Map<Completion, Throwable> failures = new HashMap<>();
        try {
            engine.step(steps(parts));
        } catch (RuntimeException | Error e) {
            for (Part part : parts) {
                if (parts.size() == 1) {
                    failures.put(part.completion, e);
                } else {
                    failures.putAll(step(List.of(part)));
                }
            }
        }
        return failures;
    }

    /** What a request asks for cannot harm others, whatever it throws. */
    private void guarded(Completion completion, Supplier<@Nullable FinishReason> work) {
        try {
            FinishReason reason = work.get();
            if (reason != null) {
                finish(completion, reason);
            }
        } catch (RuntimeException | Error e) {
            fail(completion, e);
        }
    }

    /** Embeds texts of one job, as many tokens as there are in a piece of a prompt; jobs take turns. */
    private boolean embedSome() {
        if (embeddings.isEmpty()) {
            return false;
        }
        Embedding first = embeddings.removeFirst();
        embeddings.add(first);
        makeRoom(first.cacheBytes());
        try {
            Embeddings texts = first.in(engine);
            statistics.embedded(texts.advance(options.promptPiece(), cacheBound - engine.cacheBytes()));
            if (texts.isDone()) {
                float[][] vectors = texts.vectors();
                embeddings.remove(first);
                statistics.took(first.age(clock.getAsLong()));
                ended();
                first.complete(vectors);
            }
        } catch (RuntimeException | Error e) {
            embeddings.remove(first);
            first.release();
            statistics.failed();
            ended();
            first.fail(e);
        }
        return true;
    }

    private void finish(Job job, FinishReason reason) {
        long now = clock.getAsLong();
        ended(); // First, because whoever is told may ask again at once.
        FinishReason told = job.end(reason, now);
        if (job instanceof Completion completion) {
            statistics.finished(told, completion.age(now));
            if (running.remove(completion)) {
                prefixes.keep(completion.sequence());
            }
        } else {
            embeddings.remove(job);
            ((Embedding) job).release();
        }
    }

    private void fail(Completion completion, Throwable cause) {
        if (running.remove(completion) && completion.hasStarted()) {
            completion.sequence().close();
        }
        statistics.failed();
        ended();
        completion.fail(cause);
    }

    private void ended() {
        synchronized (waiting) {
            present--;
        }
    }

    /** Ends all jobs. */
    void cancelAll() {
        List<Job> all;
        synchronized (waiting) {
            all = waiting.removeIf(job -> true);
        }
        all.addAll(running);
        all.addAll(embeddings);
        all.forEach(job -> finish(job, FinishReason.CANCELLED));
    }

    /** Fails all jobs, because the rounds cannot go on. */
    void failAll(Throwable cause) {
        List<Job> all;
        synchronized (waiting) {
            all = waiting.removeIf(job -> true);
        }
        all.addAll(running);
        all.addAll(embeddings);
        all.forEach(job -> job.fail(cause));
    }
}
