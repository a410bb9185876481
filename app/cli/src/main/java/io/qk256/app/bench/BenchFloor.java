package io.qk256.app.bench;

/**
 * A lower bound for the time of every kernel.
 *
 * @param task {@code fill} or {@code read}
 * @param timing the time
 */
public record BenchFloor(BenchTask task, Timing timing) {

    /** Bytes written or read per second. */
    public double bytesPerSecond() {
        return task.bytes() * 1e9 / timing.nanoseconds();
    }
}
