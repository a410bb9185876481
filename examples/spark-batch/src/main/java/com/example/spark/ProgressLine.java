package com.example.spark;

import org.apache.spark.SparkStageInfo;
import org.apache.spark.api.java.JavaSparkStatusTracker;

/** Shows on standard error how far the job is: at a terminal a bar that moves, otherwise a line now and then. */
final class ProgressLine implements AutoCloseable {

    private static final int WIDTH = 30;
    private static final long AT_TERMINAL_MILLIS = 500;
    private static final long OTHERWISE_MILLIS = 10_000;

    private final JavaSparkStatusTracker status;
    private final TotalsAccumulator totals;
    private final boolean terminal = System.console() != null && System.console().isTerminal();
    private final Thread thread = Thread.ofPlatform().daemon().name("progress").unstarted(this::show);
    private volatile boolean closed;

    ProgressLine(JavaSparkStatusTracker status, TotalsAccumulator totals) {
        this.status = status;
        this.totals = totals;
    }

    void start() {
        thread.start();
    }

    private void show() {
        try {
            while (!closed) {
                Thread.sleep(terminal ? AT_TERMINAL_MILLIS : OTHERWISE_MILLIS);
                print();
            }
        } catch (InterruptedException e) {
            print();
        }
    }

    private void print() {
        int tasks = 0;
        int done = 0;
        for (int id : status.getActiveStageIds()) {
            SparkStageInfo stage = status.getStageInfo(id);
            if (stage != null) {
                tasks += stage.numTasks();
                done += stage.numCompletedTasks();
            }
        }
        String line = parts(done, tasks) + totals.value();
        System.err.print(terminal ? "\r" + line + "\u001b[K" : line + "\n");
    }

    /** Empty before the first stage and after the last one, when Spark tells no number of parts. */
    private static String parts(int done, int tasks) {
        if (tasks == 0) {
            return "";
        }
        int filled = WIDTH * done / tasks;
        return "[" + "#".repeat(filled) + " ".repeat(WIDTH - filled) + "] " + done + "/" + tasks + " parts, ";
    }

    /** Ends the line. */
    @Override
    public void close() {
        closed = true;
        thread.interrupt();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (terminal) {
            System.err.println();
        }
    }
}
