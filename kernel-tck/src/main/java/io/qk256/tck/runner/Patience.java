package io.qk256.tck.runner;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;

/**
 * Decides when a test hangs. On a machine with more to do than it has processors a test may take longer: until it has had its
 * time on a processor, at most ten times as long.
 *
 * @param limit how long a test may take
 * @param load the machine's load average, if it tells one
 * @param processors that the load is shared by
 */
record Patience(Duration limit, Optional<Double> load, int processors) {

    private static final int MOST = 10;
    private static final Path LOAD = Path.of("/proc/loadavg");

    /** On this machine, now. */
    static Patience now(Duration limit) {
        return new Patience(limit, readLoad(), Runtime.getRuntime().availableProcessors());
    }

    private static Optional<Double> readLoad() {
        try {
            return Optional.of(Double.parseDouble(Files.readString(LOAD).split(" ", 2)[0]));
        } catch (IOException | NumberFormatException e) {
            return Optional.empty();
        }
    }

    /**
     * Whether the test hangs.
     *
     * @param silent how long nothing was heard of it
     * @param used the processor time that it has used since
     */
    boolean isOver(Duration silent, Duration used) {
        if (silent.compareTo(limit) < 0) {
            return false;
        }
        boolean loaded = load.map(average -> average > processors).orElse(false);
        return !loaded || used.compareTo(limit) >= 0 || silent.compareTo(limit.multipliedBy(MOST)) >= 0;
    }

    /** The same numbers, for whoever doubts the verdict. */
    String describe(Duration silent, Duration used) {
        return String.format(
                Locale.ROOT,
                "no end after %d s, of which %.1f s on a processor, with a limit of %d s (%s), expected a result; a kernel must"
                        + " return",
                silent.toSeconds(),
                used.toMillis() / 1000.0,
                limit.toSeconds(),
                load.map(average -> String.format(
                                Locale.ROOT, "load of the machine %.1f on %d processors", average, processors))
                        .orElse(processors + " processors, load unknown"));
    }
}
