package io.qk256.spi.support;

import java.time.Duration;

/**
 * Decides when a process has had its time. What counts is its own time: the processor time that it has used, and the time in
 * which it waits for something. While other processes keep it from the processor its time stands still, so that a busy machine
 * disqualifies nobody; but not for ever.
 *
 * <p>Not thread-safe.
 */
public final class ProcessClock {

    /** A process that uses less than this part of a processor waits. */
    private static final int WAITING = 100;

    /** In all, a process gets so many times the limit. */
    private static final int PATIENCE = 5;

    /** Who watches may be kept from the processor too; then so much passes between two looks at most. */
    private static final long MAX_STEP_NANOS = 250_000_000;

    private final long limit;
    private final long usedBefore;
    private long last;
    private long total;
    private long waiting;
    private long usedBeforeWaiting;

    /**
     * A clock that starts now.
     *
     * @param limit the time that the process has
     * @param nowNanos of a clock
     * @param usedNanos the processor time that the process has used so far; negative if the system does not tell
     */
    public ProcessClock(Duration limit, long nowNanos, long usedNanos) {
        this.limit = limit.toNanos();
        this.last = nowNanos;
        this.usedBefore = Math.max(0, usedNanos);
    }

    /**
     * Whether it is over.
     *
     * @param nowNanos of the same clock
     * @param usedNanos the processor time that the process has used; negative if the system does not tell
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
