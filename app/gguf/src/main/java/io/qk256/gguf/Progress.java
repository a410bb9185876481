package io.qk256.gguf;

import java.util.concurrent.atomic.AtomicLong;

/** Receives the progress of long work, on the thread that started it. An exception thrown here ends the work. */
@FunctionalInterface
public interface Progress {

    /** Ignores all reports. */
    Progress NONE = (what, done, total) -> {};

    /**
     * Reports progress.
     *
     * @param what the current phase in words, such as "repacking"; several phases may follow one another
     * @param done how much of the phase is done; never less than before
     * @param total how much there is to do, in bytes or in pieces; the phase is finished when {@code done} reaches it
     */
    void at(String what, long done, long total);

    /** Adds up the work of several threads, and reports it on the thread that created this sum. Thread-safe. */
    final class Sum {

        private final Progress progress;
        private final String what;
        private final long total;
        private final AtomicLong done = new AtomicLong();
        private final Thread owner = Thread.currentThread();

        /** @param total the sum of all amounts that will be {@linkplain #add added} */
        public Sum(Progress progress, String what, long total) {
            this.progress = progress;
            this.what = what;
            this.total = total;
        }

        /** Adds work done by any thread. */
        public void add(long more) {
            long sum = done.addAndGet(more);
            if (Thread.currentThread() == owner) {
                progress.at(what, sum, total);
            }
        }

        /** Reports that all is done; call it on the thread that created this sum. */
        public void finish() {
            progress.at(what, total, total);
        }
    }
}
