package io.qk256.spi.selection;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** What a {@link Stopwatch} reads. */
interface Ticks {

    /** The system's. */
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

    /** A clock. */
    long nanos();

    /** How long threads of this process, all together, have been ready to run and had no processor; 0 where nothing tells. */
    long waitedNanos();

    /**
     * The sum over threads, as Linux tells it: the second number of {@code schedstat}.
     *
     * @param tasks a folder for each thread
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
        } catch (IOException | RuntimeException e) { // The thread has ended, or the kernel counts nothing.
            return 0;
        }
    }
}
