package io.qk256.app.bench;

/**
 * A kernel's speed and correctness at a task.
 *
 * @param task the task
 * @param kernel the kernel's name
 * @param timing the time
 * @param timesFloor the time as a multiple of the floor's; NaN if there is none
 * @param timesScalar the speed as a multiple of the scalar kernel's; NaN if that was not measured
 * @param checked {@code bit-exact}, or the largest error as a fraction of its bound, or {@code WRONG} and where
 */
public record BenchRow(
        BenchTask task, String kernel, Timing timing, double timesFloor, double timesScalar, String checked) {

    /** What {@link #checked} starts with if the result is wrong. */
    public static final String WRONG = "WRONG";

    /** Whether the result was wrong. */
    public boolean isWrong() {
        return checked.startsWith(WRONG);
    }

    /** Weights decoded or multiplied per second by all threads; each counts once per column. */
    public double weightsPerSecond() {
        return task.weights() * 1e9 / timing.nanoseconds();
    }

    /** Bytes of packed weights read per second by all threads. */
    public double bytesPerSecond() {
        return task.bytes() * 1e9 / timing.nanoseconds();
    }
}
