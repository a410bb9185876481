package io.qk256.tck.bench;

/**
 * One JMH run.
 *
 * @param task what to measure
 * @param kernel the kernel's name, or {@link #FLOOR}
 * @param against whether it runs in the other JVM of a {@link Plan} that compares two
 */
record HarnessRun(Task task, String kernel, boolean against) {

    /** Used in place of a kernel name. */
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
