package io.qk256.llm.model;

/**
 * Options of an engine.
 *
 * @param threads number of threads, 1 or more; usually best is the number of physical cores
 * @param context the most tokens that a sequence can hold, or 0 for the model's context length; memory for keys and
 *     values is allocated as tokens are added
 * @param batch number of tokens processed at once, of one sequence or several, 1 or more
 * @param cache the number format of the KV cache
 * @param skipping which weights that would be multiplied by 0 are not read
 */
public record EngineOptions(int threads, int context, int batch, CacheType cache, Skipping skipping) {

    /** The default batch size. */
    public static final int DEFAULT_BATCH = 64;

    /**
     * Creates options.
     *
     * @throws IllegalArgumentException if a number is too small
     */
    public EngineOptions {
        require("threads", threads, 1);
        require("context", context, 0);
        require("batch", batch, 1);
    }

    /**
     * Creates options that skip rows.
     *
     * @throws IllegalArgumentException if a number is too small
     */
    public EngineOptions(int threads, int context, int batch, CacheType cache) {
        this(threads, context, batch, cache, Skipping.ROWS);
    }

    /** The same with another choice of what to skip. */
    public EngineOptions withSkipping(Skipping other) {
        return new EngineOptions(threads, context, batch, cache, other);
    }

    /** The defaults, with a number of threads: the model's context length and an f16 cache. */
    public static EngineOptions withThreads(int threads) {
        return new EngineOptions(threads, 0, DEFAULT_BATCH, CacheType.F16);
    }

    private static void require(String name, int value, int min) {
        if (value < min) {
            throw new IllegalArgumentException(name + ": " + value + ", expected " + min + " or more");
        }
    }
}
