package io.qk256.llm.serving;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** What a scheduler has done, for {@link SchedulerStatus}. Thread-safe. */
final class Statistics {

    private static final List<Double> SECONDS = List.of(0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0);

    /** The weight of the latest request in the mean time of requests. */
    private static final double LATEST = 0.2;

    private final int parallel;
    private final int context;
    private final long cacheBound;
    private final Counts batch;
    private final Counts toFirstToken = new Counts(SECONDS);
    private final Map<FinishReason, Long> finished = new EnumMap<>(FinishReason.class);
    private int running;
    private long passes;
    private long promptTokens;
    private long reusedTokens;
    private long decodedTokens;
    private long failed;
    private long refused;
    private long embeddedTokens;
    private long cacheBytes;
    private int prefixes;
    private double meanNanos;

    /** A histogram in the making. */
    private static final class Counts {

        private final List<Double> bounds;
        private final long[] counts;
        private double sum;

        Counts(List<Double> bounds) {
            this.bounds = bounds;
            this.counts = new long[bounds.size() + 1];
        }

        void add(double value) {
            int bucket = 0;
            while (bucket < bounds.size() && value > bounds.get(bucket)) {
                bucket++;
            }
            counts[bucket]++;
            sum += value;
        }

        Histogram snapshot() {
            return new Histogram(bounds, Arrays.stream(counts).boxed().toList(), sum);
        }
    }

    Statistics(int parallel, int context, long cacheBound) {
        this.parallel = parallel;
        this.context = context;
        this.cacheBound = cacheBound;
        List<Double> sizes = new ArrayList<>();
        for (int size = 1; size < 2 * parallel; size *= 2) {
            sizes.add((double) Math.min(size, parallel));
        }
        this.batch = new Counts(sizes);
        for (FinishReason reason : FinishReason.values()) {
            finished.put(reason, 0L);
        }
    }

    synchronized void pass(int sequences, int tokensOfPrompts) {
        passes++;
        batch.add(sequences);
        promptTokens += tokensOfPrompts;
    }

    synchronized void reused(int tokens) {
        reusedTokens += tokens;
    }

    synchronized void decoded() {
        decodedTokens++;
    }

    synchronized void firstToken(long nanos) {
        toFirstToken.add(nanos / 1e9);
    }

    synchronized void embedded(long tokens) {
        embeddedTokens += tokens;
    }

    /** @param nanos the time since its submission */
    synchronized void finished(FinishReason reason, long nanos) {
        finished.merge(reason, 1L, Long::sum);
        took(nanos);
    }

    synchronized void took(long nanos) {
        meanNanos = meanNanos == 0 ? nanos : meanNanos + LATEST * (nanos - meanNanos);
    }

    synchronized void failed() {
        failed++;
    }

    synchronized void refused() {
        refused++;
    }

    synchronized void state(int nowRunning, long nowCacheBytes, int nowPrefixes) {
        running = nowRunning;
        cacheBytes = nowCacheBytes;
        prefixes = nowPrefixes;
    }

    /** An estimate of the nanoseconds until one of the running requests ends. */
    synchronized double nanosUntilRoom() {
        return meanNanos / parallel;
    }

    synchronized SchedulerStatus snapshot(int waiting) {
        return new SchedulerStatus(
                waiting,
                running,
                parallel,
                context,
                passes,
                batch.snapshot(),
                promptTokens,
                reusedTokens,
                decodedTokens,
                finished,
                failed,
                refused,
                embeddedTokens,
                toFirstToken.snapshot(),
                cacheBytes,
                cacheBound,
                prefixes);
    }
}
