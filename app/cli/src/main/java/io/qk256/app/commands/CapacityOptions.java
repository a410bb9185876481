package io.qk256.app.commands;

import io.qk256.llm.serving.Scheduler;
import io.qk256.llm.serving.SchedulerOptions;
import java.time.Duration;
import java.util.Optional;
import picocli.CommandLine.Option;

/** How much a server takes on. */
final class CapacityOptions {

    private static final int MOST_PARALLEL = 256;
    private static final int MOST_WAITING = 100_000;
    private static final int MOST_SECONDS = 24 * 60 * 60;

    @Option(
            names = "--parallel",
            paramLabel = "N",
            description = "Compute at most N answers at once. Default: ${DEFAULT-VALUE}.")
    private int parallel = 8;

    @Option(
            names = "--context",
            paramLabel = "N",
            description = "The most tokens of a request, prompt and answer together. Default: the model's context.")
    private int context;

    @Option(
            names = "--queue",
            paramLabel = "N",
            description = "Let at most N requests wait; others are told to try again. Default: ${DEFAULT-VALUE}.")
    private int queue = 64;

    @Option(
            names = "--timeout",
            paramLabel = "S",
            description = "End a request that takes longer than S seconds; 0: never. Default: ${DEFAULT-VALUE}.")
    private int timeout = 600;

    CapacityOptions() {}

    void requireUsage() {
        Limits.require("--parallel", parallel, 1, MOST_PARALLEL);
        Limits.require("--context", context, 0, Integer.MAX_VALUE);
        Limits.require("--queue", queue, 0, MOST_WAITING);
        Limits.require("--timeout", timeout, 0, MOST_SECONDS);
    }

    SchedulerOptions options(int threads) {
        return SchedulerOptions.withThreads(threads)
                .withParallel(parallel)
                .withContext(context)
                .withQueue(queue)
                .withDrain(Duration.ZERO); // The server has waited for the answers already.
    }

    /** What to tell about a model that was trained for so many tokens. */
    Optional<String> warning(int modelContext) {
        return context <= modelContext
                ? Optional.empty()
                : Optional.of("--context is " + context + ", but the model was trained for texts of " + modelContext
                        + " tokens; longer ones get worse");
    }

    Duration timeout() {
        return Duration.ofSeconds(timeout);
    }

    /** What is computed at once, and the memory for it, for people. */
    String describe(Scheduler scheduler) {
        long bytes = scheduler.status().cacheBound();
        return parallel + " at once with " + scheduler.context() + " tokens each, keys and values at most "
                + ((bytes + (1 << 20) - 1) >> 20) + " MiB";
    }
}
