package io.qk256.llm.serving;

import io.qk256.llm.LanguageModel;
import io.qk256.llm.generation.GenerationOptions.WhenFull;
import io.qk256.llm.generation.Sampler;
import io.qk256.llm.generation.TokenConstraint;
import io.qk256.llm.model.Engine;
import io.qk256.llm.model.EngineOptions;
import io.qk256.llm.model.Sequence;
import io.qk256.spi.Kernel;
import io.qk256.spi.support.UserError;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * Computes many requests on one model. It owns an {@link Engine} and a thread that steps it: each pass over the weights
 * has one token of each request that writes, and a piece of a prompt. Thread-safe. Close it before its model.
 */
public final class Scheduler implements AutoCloseable {

    private final LanguageModel model;
    private final SchedulerOptions options;
    private final Engine engine;
    private final LinkedBlockingQueue<Job> jobs = new LinkedBlockingQueue<>();
    private final Thread thread;
    private volatile boolean closed;

    /** Work for the thread. */
    private sealed interface Job {

        /** A completion. */
        final class Completion implements Job, Handle {

            final CompletionRequest request;
            final Delivery delivery;
            volatile boolean cancelled;
            volatile boolean done;

            Completion(CompletionRequest request, CompletionListener listener) {
                this.request = request;
                this.delivery = new Delivery(listener, () -> {});
            }

            @Override
            public void cancel() {
                cancelled = true;
            }

            @Override
            public boolean isDone() {
                return done;
            }
        }

        /** Texts to embed. */
        record Embedding(EmbeddingRequest request, CompletableFuture<float[][]> vectors) implements Job {}

        /** The end. */
        record Stop() implements Job {}
    }

    @SuppressWarnings("MustBeClosedChecker") // The engine lives as long as this; the thread closes it.
    private Scheduler(LanguageModel model, Kernel kernel, SchedulerOptions options) {
        this.model = model;
        this.options = options;
        this.engine = model.engine(
                kernel,
                new EngineOptions(
                        options.threads(),
                        options.context(),
                        options.promptPiece() + options.parallel(),
                        options.cache()));
        this.thread = Thread.ofPlatform().name("qk256-scheduler").unstarted(this::run);
    }

    /**
     * Starts a scheduler.
     *
     * @param kernel the kernel that multiplies the weights
     * @throws UserError if the bound of keys and values is too small for one request
     * @throws IllegalStateException if the model is closed, or the system cannot create that many threads
     */
    public static Scheduler start(LanguageModel model, Kernel kernel, SchedulerOptions options) {
        Scheduler scheduler = new Scheduler(model, kernel, options);
        scheduler.thread.start();
        return scheduler;
    }

    /** The most tokens of a request, prompt and completion together. */
    public int context() {
        return engine.context();
    }

    /**
     * Submits a text to continue. Returns at once.
     *
     * @throws UserError if the request can never be computed: its prompt does not fit in the context, or a token is not
     *     in the vocabulary
     * @throws QueueFullException if the queue is full
     * @throws IllegalStateException if this is closed
     */
    public Handle submit(CompletionRequest request, CompletionListener listener) {
        int length = request.prompt().length;
        if (length > context()) {
            throw new UserError(
                    "the prompt has " + length + " tokens, expected 1 to " + context() + ", the context; shorten it");
        }
        requireOpen();
        if (jobs.size() > options.queue()) {
            throw new QueueFullException(jobs.size(), Duration.ofSeconds(1));
        }
        Job.Completion completion = new Job.Completion(request, listener);
        jobs.add(completion);
        return completion;
    }

    /**
     * Submits texts whose vectors are wanted. Returns at once. Texts wait in the same queue as completions, and are
     * computed between passes, because an engine is for one thread at a time, and a second one would compete with it
     * for the same cores and memory.
     *
     * @return one vector for each text, of length 1; cancelling it takes the request out of the queue
     * @throws UserError if a text does not fit in the context, or a token is not in the vocabulary
     * @throws QueueFullException if the queue is full
     * @throws IllegalStateException if this is closed
     */
    public CompletableFuture<float[][]> embed(EmbeddingRequest request) {
        requireOpen();
        CompletableFuture<float[][]> vectors = new CompletableFuture<>();
        jobs.add(new Job.Embedding(request, vectors));
        return vectors;
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("scheduler: it is closed; make another one");
        }
    }

    /** What it does and has done. */
    public SchedulerStatus status() {
        Map<FinishReason, Long> finished = new EnumMap<>(FinishReason.class);
        for (FinishReason reason : FinishReason.values()) {
            finished.put(reason, 0L);
        }
        Histogram none = new Histogram(List.of(), List.of(0L), 0);
        return new SchedulerStatus(
                jobs.size(), 0, options.parallel(), context(), 0, none, 0, 0, 0, finished, 0, 0, 0, none, 0, 0, 0);
    }

    private void run() {
        try (engine) {
            Job job = jobs.take();
            while (!(job instanceof Job.Stop)) {
                switch (job) {
                    case Job.Completion completion -> {
                        try (Sequence sequence = engine.sequence()) {
                            CompletionEnd end = complete(completion, sequence);
                            completion.done = true;
                            completion.delivery.end(to -> to.finished(end));
                        } catch (RuntimeException e) {
                            completion.done = true;
                            completion.delivery.end(to -> to.failed(e));
                        }
                    }
                    case Job.Embedding embedding -> {
                        try {
                            EmbeddingRequest request = embedding.request;
                            embedding.vectors.complete(engine.embed(request.texts(), request.pooling()));
                        } catch (RuntimeException e) {
                            embedding.vectors.completeExceptionally(e);
                        }
                    }
                    case Job.Stop stop -> {}
                }
                job = jobs.take();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private CompletionEnd complete(Job.Completion completion, Sequence sequence) {
        long start = System.nanoTime();
        CompletionRequest request = completion.request;
        PieceWriter writer = new PieceWriter(model.tokenizer(), request.stop());
        Sampler sampler = new Sampler(request.sampling(), model.tokenizer().vocabularySize());
        int[] prompt = request.prompt();
        for (int token : prompt) {
            sampler.acceptPrompt(token);
        }
        float[] logits = sequence.prompt(prompt);
        int tokens = 0;
        FinishReason reason = null;
        while (reason == null) {
            if (tokens == request.maxTokens()) {
                reason = FinishReason.LIMIT;
            } else if (completion.cancelled) {
                reason = FinishReason.CANCELLED;
            } else {
                TokenConstraint constraint = request.constraint();
                OptionalInt next = constraint == null
                        ? OptionalInt.of(sampler.sample(logits))
                        : sampler.sample(logits, constraint.allowed());
                if (next.isEmpty()) {
                    reason = constraint != null && constraint.mayEnd()
                            ? FinishReason.COMPLETE
                            : FinishReason.CUT_BY_GRAMMAR;
                } else if (model.tokenizer().isStop(next.getAsInt())) {
                    reason = FinishReason.COMPLETE;
                } else {
                    int token = next.getAsInt();
                    sampler.accept(token);
                    if (constraint != null) {
                        constraint.accept(token);
                    }
                    tokens++;
                    emit(completion, writer.accept(new ChosenToken(token, Double.NaN, List.of())));
                    boolean full = sequence.position() == sequence.context();
                    if (writer.found() != null) {
                        reason = FinishReason.STOP_STRING;
                    } else if (full && request.whenFull() == WhenFull.STOP) {
                        reason = FinishReason.CONTEXT;
                    } else if (tokens < request.maxTokens()) {
                        logits = sequence.decode(token);
                    }
                }
            }
        }
        emit(completion, writer.finish());
        Duration total = Duration.ofNanos(System.nanoTime() - start);
        Usage usage = new Usage(prompt.length, 0, tokens, 0);
        return new CompletionEnd(reason, writer.found(), usage, Duration.ZERO, Duration.ZERO, total);
    }

    private static void emit(Job.Completion completion, @org.jspecify.annotations.Nullable TextPiece piece) {
        if (piece != null) {
            completion.delivery.text(piece);
        }
    }

    /** Closes this as {@link SchedulerOptions#drain} says. */
    @Override
    public void close() {
        close(options.drain());
    }

    /**
     * Accepts no more requests, finishes those that were submitted, for some time, cancels what is left, and ends its
     * threads. Waits for all that, but not for listeners. Closing again does nothing.
     */
    public void close(Duration drain) {
        if (!closed) {
            closed = true;
            jobs.add(new Job.Stop());
        }
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
