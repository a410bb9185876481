package io.qk256.llm.model;

/**
 * How an engine works.
 *
 * @param threads how many threads work, 1 or more; best, the number of physical cores
 * @param context most tokens that a sequence can hold; memory for their keys and values comes as they do. 0 for the model's
 *     context length
 * @param batch tokens that are processed at once, of one sequence or of several, 1 or more
 * @param cache how keys and values are kept
 */
public record EngineOptions(int threads, int context, int batch, CacheType cache) {

    /** Tokens at once, unless there is a reason for another number. */
    public static final int DEFAULT_BATCH = 64;

    /**
     * Options.
     *
     * @throws IllegalArgumentException if a number is too small
     */
    public EngineOptions {
        require("threads", threads, 1);
        require("context", context, 0);
        require("batch", batch, 1);
    }

    /** The model's context length, an f16 cache, and that many threads. */
    public static EngineOptions withThreads(int threads) {
        return new EngineOptions(threads, 0, DEFAULT_BATCH, CacheType.F16);
    }

    private static void require(String name, int value, int min) {
        if (value < min) {
            throw new IllegalArgumentException(name + ": " + value + ", expected " + min + " or more");
        }
    }
}
