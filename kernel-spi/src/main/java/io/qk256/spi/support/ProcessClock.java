package io.qk256.spi.support;

import java.time.Duration;

/**
 * Decides when a process has used up its time. Only its own time counts: the processor time that it has used, and the
 * time that it waits for something. While other processes keep it from the processor its clock stands still, so a busy
 * machine does not disqualify it; but only up to a limit.
 *
 * <p>Not thread-safe.
 */
public final class ProcessClock {

    /** A process that uses less than this fraction (1/100) of a processor counts as waiting. */
    private static final int WAITING = 100;

    /** The most wall-clock time for a process, as a multiple of the limit. */
    private static final int PATIENCE = 5;

    /** The observer may also be kept from the processor; then at most this much counts between two looks. */
    private static final long MAX_STEP_NANOS = 250_000_000;

    private final long limit;
    private final long usedBefore;
    private long last;
    private long total;
    private long waiting;
    private long usedBeforeWaiting;

    /**
     * Starts a clock.
     *
     * @param limit the time that the process has
     * @param nowNanos the current time of a monotonic clock
     * @param usedNanos the processor time that the process has used so far; negative if unknown
     */
    public ProcessClock(Duration limit, long nowNanos, long usedNanos) {
        this.limit = limit.toNanos();
        this.last = nowNanos;
        this.usedBefore = Math.max(0, usedNanos);
    }

    /**
     * Whether the time is up.
     *
     * @param nowNanos the current time of the same clock
     * @param usedNanos the processor time that the process has used so far; negative if unknown
     */
    public boolean isOver(long nowNanos, long usedNanos) {
        long step = Math.min(nowNanos - last, MAX_STEP_NANOS);
        last = nowNanos;
        total += step;
        if (usedNanos < 0) {
            return total > limit;
        }
        long used = usedNanos - usedBefore;
        if (used - usedBeforeWaiting > limit / WAITING) {
            usedBeforeWaiting = used;
            waiting = 0;
        }
        waiting += step;
        return total > limit && (used > limit || waiting > limit || total > PATIENCE * limit);
    }
}
