package io.qk256.llm.serving;

import io.qk256.llm.LanguageModel;
import io.qk256.llm.generation.Sampler;
import io.qk256.llm.model.Engine;
import io.qk256.llm.model.EngineOptions;
import io.qk256.spi.Kernel;
import io.qk256.spi.support.UserError;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;

/**
 * Computes many requests on one model. It owns an {@link Engine} and a thread that steps it: each pass over the weights
 * has a token of each request that writes, and a piece of prompts.
 *
 * <ul>
 *   <li>A request's tokens, text and log probabilities are the same to the bit alone and beside any others, with and
 *       without reuse, with pieces of any size, and on any kernel and number of threads.
 *   <li>Prompts take turns, by keys and within a key, so a short one does not wait for a long one.
 *   <li>The beginning that a prompt shares with an earlier or a running text is not computed again.
 *   <li>The memory of keys and values is bounded. A request starts when all that it may need is free, or used only by
 *       texts kept for reuse; so it never fails midway for lack of memory.
 *   <li>If a request fails, others go on.
 * </ul>
 *
 * <p>Thread-safe. Close it before its model.
 */
public final class Scheduler implements AutoCloseable {

    /** How long it sleeps at most while a listener must catch up, or a time limit may pass. */
    private static final Duration NAP = Duration.ofMillis(10);

    private final LanguageModel model;
    private final SchedulerOptions options;
    private final Engine engine;
    private final Passes passes;
    private final Thread thread;
    private volatile long closeBy;
    private volatile boolean closing;

    private Scheduler(LanguageModel model, SchedulerOptions options, Engine engine) {
        this.model = model;
        this.options = options;
        this.engine = engine;
        this.passes = new Passes(engine, model.tokenizer(), options, cacheBound(engine, options), System::nanoTime);
        this.thread = Thread.ofPlatform().name("qk256-scheduler").unstarted(this::run);
    }

    /**
     * Starts a scheduler.
     *
     * @param model the model, which stays open
     * @param kernel the kernel that multiplies the weights
     * @throws UserError if the bound of keys and values is too small for one request
     * @throws IllegalStateException if the model is closed, or the system cannot create that many threads
     */
    public static Scheduler start(LanguageModel model, Kernel kernel, SchedulerOptions options) {
        Engine engine = engine(model, kernel, options);
        try {
            Scheduler scheduler = new Scheduler(model, options, engine);
            scheduler.thread.start();
            return scheduler;
        } catch (RuntimeException | Error e) {
            engine.close();
            throw e;
        }
    }

    /** An engine whose pass has room for a token of each request and a piece of prompts. */
    static Engine engine(LanguageModel model, Kernel kernel, SchedulerOptions options) {
        int batch = Math.addExact(options.promptPiece(), options.parallel());
        return model.engine(kernel, new EngineOptions(options.threads(), options.context(), batch, options.cache()));
    }

    /** The most bytes of keys and values. */
    static long cacheBound(Engine engine, SchedulerOptions options) {
        long ofOne = engine.cacheBytesOf(engine.context());
        long bound = options.cacheBytes() == 0 ? options.parallel() * ofOne : options.cacheBytes();
        if (bound < ofOne) {
            throw new UserError("keys and values may take " + bound + " bytes, expected at least " + ofOne
                    + ", which one request of " + engine.context()
                    + " tokens needs; allow more, or use a smaller context");
        }
        return bound;
    }

    /** The most requests that it takes at once, running and waiting. */
    public long capacity() {
        return passes.capacity();
    }

    /** The most tokens of a request, prompt and completion together. */
    public int context() {
        return engine.context();
    }

    /**
     * Submits a text to continue. Does not wait.
     *
     * @throws UserError if the request can never be computed: its prompt does not fit in the context, or a token is not
     *     in the vocabulary
     * @throws QueueFullException if the queue is full
     * @throws IllegalStateException if this is closed
     */
    public Handle submit(CompletionRequest request, CompletionListener listener) {
        Completion completion = completion(request, listener, System.nanoTime());
        passes.add(completion, completion.mostTokens(context()));
        LockSupport.unpark(thread);
        return new Handle() {
            @Override
            public void cancel() {
                completion.cancel();
                LockSupport.unpark(thread);
            }

            @Override
            public boolean isDone() {
                return completion.isDone();
            }
        };
    }

    private Completion completion(CompletionRequest request, CompletionListener listener, long now) {
        int[] prompt = request.prompt();
        if (prompt.length > context()) {
            throw new UserError("the prompt has " + prompt.length + " tokens, expected 1 to " + context()
                    + ", the context; shorten it");
        }
        requireKnown(prompt);
        Sampler.requireKnown(request.sampling(), model.tokenizer().vocabularySize());
        return new Completion(request, new Delivery(listener, () -> LockSupport.unpark(thread)), now);
    }

    /**
     * Submits texts whose vectors are wanted. Does not wait. They wait in the same queue as completions, and are
     * computed between passes, because an engine is for one thread at a time, and a second one would compete with it
     * for the same cores and memory. A long text is computed in pieces, as a prompt is.
     *
     * @return one vector for each text, of length 1; cancelling it takes the request out of the queue
     * @throws UserError if a text does not fit in the context, or a token is not in the vocabulary
     * @throws QueueFullException if the queue is full
     * @throws IllegalStateException if this is closed
     */
    public CompletableFuture<float[][]> embed(EmbeddingRequest request) {
        List<int[]> texts = request.texts();
        if (texts.isEmpty()) {
            return CompletableFuture.completedFuture(new float[0][]);
        }
        for (int i = 0; i < texts.size(); i++) {
            if (texts.get(i).length > context()) {
                throw new UserError("text " + i + " has " + texts.get(i).length + " tokens, expected 1 to " + context()
                        + ", the context; shorten it");
            }
            requireKnown(texts.get(i));
        }
        Embedding embedding = new Embedding(request, System.nanoTime());
        passes.add(embedding, embedding.longest());
        LockSupport.unpark(thread);
        return embedding.future();
    }

    private void requireKnown(int[] tokens) {
        int vocabulary = model.tokenizer().vocabularySize();
        for (int token : tokens) {
            if (token < 0 || token >= vocabulary) {
                throw new UserError("token: " + token + ", expected 0 to " + (vocabulary - 1) + " (the vocabulary)");
            }
        }
    }

    /** What this does and has done. */
    public SchedulerStatus status() {
        return passes.status();
    }

    private void run() {
        try (engine) {
            while (!closing || !passes.isIdle()) {
                if (closing && System.nanoTime() - closeBy >= 0) {
                    passes.cancelAll();
                } else if (!passes.round()) {
                    sleep();
                }
            }
        } catch (RuntimeException | Error e) {
            passes.refuse(new IllegalStateException("scheduler: it has failed; make another one", e));
            passes.failAll(e);
        }
    }

    private void sleep() {
        if (passes.isIdle()) {
            LockSupport.park(this);
        } else {
            LockSupport.parkNanos(this, NAP.toNanos());
        }
    }

    /** Closes this, and lets requests finish for as long as {@link SchedulerOptions#drain} says. */
    @Override
    public void close() {
        close(options.drain());
    }

    /**
     * Accepts no more requests, lets those that were submitted finish for some time, cancels what is left, and ends its
     * threads. Waits for all that, but not for listeners. Closing again does nothing but wait.
     */
    public void close(Duration drain) {
        passes.refuse(new IllegalStateException("scheduler: it is closed; make another one"));
        if (!closing) {
            closeBy = System.nanoTime() + Job.nanos(drain);
            closing = true;
        }
        LockSupport.unpark(thread);
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
