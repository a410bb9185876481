package io.qk256.spi.selection;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** The clocks that a {@link Stopwatch} reads. */
interface Ticks {

    /** The system's clocks. */
    Ticks SYSTEM = new Ticks() {
        @Override
        public long nanos() {
            return System.nanoTime();
        }

        @Override
        public long waitedNanos() {
            return Ticks.waitedNanos(Path.of("/proc/self/task"));
        }
    };

    /** The current time in nanoseconds. */
    long nanos();

    /**
     * The total time that threads of this process were runnable without a processor; 0 if the system does not report
     * it.
     */
    long waitedNanos();

    /**
     * The sum over all threads as Linux reports it: the second number of {@code schedstat}.
     *
     * @param tasks the directory with one subdirectory per thread
     */
    static long waitedNanos(Path tasks) {
        long sum = 0;
        try (DirectoryStream<Path> threads = Files.newDirectoryStream(tasks)) {
            for (Path thread : threads) {
                sum += waited(thread.resolve("schedstat"));
            }
        } catch (IOException | DirectoryIteratorException e) {
            return 0;
        }
        return sum;
    }

    private static long waited(Path schedstat) {
        try {
            return Long.parseLong(Files.readString(schedstat).split(" ", -1)[1].strip());
        } catch (IOException | RuntimeException e) { // The thread has ended, or there are no such statistics.
            return 0;
        }
    }
}
