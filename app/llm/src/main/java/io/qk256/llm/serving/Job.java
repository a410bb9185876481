package io.qk256.llm.serving;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A request, from its submission to its end. Only the scheduler's thread uses it, unless a method says otherwise. */
abstract sealed class Job permits Completion, Embedding {

    private final String key;
    private final long submitted;
    private final Duration timeout;
    private long cacheBytes;

    /**
     * Creates a job.
     *
     * @param key who asks
     * @param submitted when it was submitted, in nanoseconds
     * @param timeout the most time until its end, or zero
     */
    Job(String key, long submitted, Duration timeout) {
        this.key = key;
        this.submitted = submitted;
        this.timeout = timeout;
    }

    final String key() {
        return key;
    }

    /** The nanoseconds since it was submitted. */
    final long age(long now) {
        return now - submitted;
    }

    /** The most bytes of keys and values that it needs at any time. */
    final long cacheBytes() {
        return cacheBytes;
    }

    final void cacheBytes(long most) {
        cacheBytes = most;
    }

    /** Why it must end now, or null; {@code isWaiting} if it is still in the queue. */
    @Nullable
    FinishReason overdue(long now, boolean isWaiting) {
        return isOver(timeout, now) ? FinishReason.TIMEOUT : null;
    }

    final boolean isOver(Duration limit, long now) {
        return !limit.isZero() && age(now) > nanos(limit);
    }

    /** The nanoseconds of a time, at most 146 years, so that sums of two do not overflow. */
    static long nanos(Duration time) {
        return Math.min(Long.MAX_VALUE / 2, TimeUnit.NANOSECONDS.convert(time));
    }

    /**
     * Tells whoever asked that it has ended.
     *
     * @return why, which may be a stop string instead of {@code reason}
     */
    abstract FinishReason end(FinishReason reason, long now);

    /** Tells whoever asked that it failed. */
    abstract void fail(Throwable cause);
}
