package io.qk256.app.bench;

/**
 * A lower bound for the time of every kernel.
 *
 * @param task {@code fill} or {@code read}
 * @param timing the time
 * @param way how it was done, in a few words; empty if unknown
 */
public record BenchFloor(BenchTask task, Timing timing, String way) {

    /** Stands for a kernel in tables. */
    public static final String LABEL = "(floor)";

    /** Bytes written or read per second. */
    public double bytesPerSecond() {
        return task.bytes() * 1e9 / timing.nanoseconds();
    }
}
