package io.qk256.tck.bench;

/**
 * One run of the harness.
 *
 * @param task what
 * @param kernel of which kernel, or {@link #FLOOR}
 * @param against whether in the other JVM of a {@link Plan} that compares two
 */
record HarnessRun(Task task, String kernel, boolean against) {

    /** In place of a kernel. */
    static final String FLOOR = "";

    static HarnessRun floor(Task task) {
        return new HarnessRun(task.floor(), FLOOR, false);
    }

    boolean isFloor() {
        return kernel.equals(FLOOR);
    }

    @Override
    public String toString() {
        return task.operation() + " " + task.shape()
                + (task.columns() == 1 ? "" : " x " + task.columns() + " columns")
                + " " + task.mode() + ", " + task.threads() + (task.threads() == 1 ? " thread" : " threads")
                + (isFloor() ? "" : ", " + kernel)
                + (against ? ", the other" : "");
    }
}
