package io.qk256.app.bench;

/**
 * What no kernel can be faster than.
 *
 * @param task {@code fill} or {@code read}
 * @param timing the time
 */
public record BenchFloor(BenchTask task, Timing timing) {

    /** Bytes written or read in a second. */
    public double bytesPerSecond() {
        return task.bytes() * 1e9 / timing.nanoseconds();
    }
}
