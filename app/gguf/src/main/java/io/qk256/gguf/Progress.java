package io.qk256.gguf;

import java.util.concurrent.atomic.AtomicLong;

/** Hears how far long work is, on the thread that asked for the work. What it throws ends the work. */
@FunctionalInterface
public interface Progress {

    /** Hears nothing. */
    Progress NONE = (what, done, total) -> {};

    /**
     * Some more is done.
     *
     * @param what what is being done, for people: "repacking", say. Different things may be done one after the other
     * @param done how much of it; never less than before
     * @param total how much there is to do, in bytes or in pieces; when {@code done} is as much, it is finished
     */
    void at(String what, long done, long total);

    /** Adds up what several threads do, and tells it on the thread that has made this. Thread-safe. */
    final class Sum {

        private final Progress progress;
        private final String what;
        private final long total;
        private final AtomicLong done = new AtomicLong();
        private final Thread owner = Thread.currentThread();

        /** @param total how much will be {@linkplain #add added} */
        public Sum(Progress progress, String what, long total) {
            this.progress = progress;
            this.what = what;
            this.total = total;
        }

        /** Some more is done, by any thread. */
        public void add(long more) {
            long sum = done.addAndGet(more);
            if (Thread.currentThread() == owner) {
                progress.at(what, sum, total);
            }
        }

        /** All is done; to be called by the thread that has made this. */
        public void finish() {
            progress.at(what, total, total);
        }
    }
}
