package io.qk256.tck.bench;

/**
 * One run of the harness.
 *
 * @param task what
 * @param kernel of which kernel, or {@link #FLOOR}
 */
record Measurement(Task task, String kernel) {

    /** In place of a kernel. */
    static final String FLOOR = "";

    boolean isFloor() {
        return kernel.equals(FLOOR);
    }

    @Override
    public String toString() {
        return task.operation() + " " + task.shape() + " " + task.mode() + ", " + task.threads()
                + (task.threads() == 1 ? " thread" : " threads") + (isFloor() ? "" : ", " + kernel);
    }
}
