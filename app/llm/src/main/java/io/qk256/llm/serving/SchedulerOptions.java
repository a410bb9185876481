package io.qk256.llm.serving;

import io.qk256.llm.model.CacheType;
import java.time.Duration;

/**
 * Options of a scheduler.
 *
 * @param threads number of threads that compute, 1 or more; usually best is the number of physical cores
 * @param parallel the most requests that are computed at once, 1 or more
 * @param context the most tokens of a request, prompt and completion together, or 0 for the model's context length
 * @param promptPiece the most tokens of prompts in a pass over the weights, 1 or more: more make prompts faster, fewer
 *     make the tokens of other requests more regular
 * @param queue the most requests that wait while {@code parallel} others are computed, 0 or more
 * @param cacheBytes the bound of the keys and values in bytes, at least enough for one request of {@code context}
 *     tokens; or 0 for {@code parallel} such requests
 * @param cache the number format of keys and values
 * @param drain how long {@link Scheduler#close} lets requests finish
 * @param stall how long a listener may lag behind before its request is ended, more than zero
 */
public record SchedulerOptions(
        int threads,
        int parallel,
        int context,
        int promptPiece,
        int queue,
        long cacheBytes,
        CacheType cache,
        Duration drain,
        Duration stall) {

    private static final int USUAL_PARALLEL = 8;
    private static final int USUAL_PIECE = 64;
    private static final int USUAL_QUEUE = 64;

    /** @throws IllegalArgumentException if a number is too small */
    public SchedulerOptions {
        require("threads", threads, 1);
        require("parallel", parallel, 1);
        require("context", context, 0);
        require("prompt piece", promptPiece, 1);
        require("queue", queue, 0);
        require("cache bytes", cacheBytes, 0);
        require("drain", drain.isNegative() ? -1 : 0, 0);
        require("stall", stall.isPositive() ? 1 : 0, 1);
    }

    /** The defaults: 8 requests at once, 64 waiting, each with the model's context length. */
    public static SchedulerOptions withThreads(int threads) {
        return new SchedulerOptions(
                threads,
                USUAL_PARALLEL,
                0,
                USUAL_PIECE,
                USUAL_QUEUE,
                0,
                CacheType.F16,
                Duration.ofSeconds(30),
                Duration.ofSeconds(60));
    }

    /** The same with another number of requests at once. */
    public SchedulerOptions withParallel(int requests) {
        return new SchedulerOptions(threads, requests, context, promptPiece, queue, cacheBytes, cache, drain, stall);
    }

    /** The same with another context. */
    public SchedulerOptions withContext(int tokens) {
        return new SchedulerOptions(threads, parallel, tokens, promptPiece, queue, cacheBytes, cache, drain, stall);
    }

    /** The same with other pieces of prompts. */
    public SchedulerOptions withPromptPiece(int tokens) {
        return new SchedulerOptions(threads, parallel, context, tokens, queue, cacheBytes, cache, drain, stall);
    }

    /** The same with another length of the queue. */
    public SchedulerOptions withQueue(int requests) {
        return new SchedulerOptions(threads, parallel, context, promptPiece, requests, cacheBytes, cache, drain, stall);
    }

    /** The same with another bound of keys and values. */
    public SchedulerOptions withCacheBytes(long bytes) {
        return new SchedulerOptions(threads, parallel, context, promptPiece, queue, bytes, cache, drain, stall);
    }

    /** The same with another format of keys and values. */
    public SchedulerOptions withCache(CacheType type) {
        return new SchedulerOptions(threads, parallel, context, promptPiece, queue, cacheBytes, type, drain, stall);
    }

    /** The same with another time to finish when closed. */
    public SchedulerOptions withDrain(Duration time) {
        return new SchedulerOptions(threads, parallel, context, promptPiece, queue, cacheBytes, cache, time, stall);
    }

    /** The same with another time that a listener may lag behind. */
    public SchedulerOptions withStall(Duration time) {
        return new SchedulerOptions(threads, parallel, context, promptPiece, queue, cacheBytes, cache, drain, time);
    }

    private static void require(String name, long value, int min) {
        if (value < min) {
            throw new IllegalArgumentException(name + ": " + value + ", expected " + min + " or more");
        }
    }
}
