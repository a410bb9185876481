package io.qk256.tck.runner;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;

/**
 * A test that did not end, with the figures behind the verdict.
 *
 * @param silent time since its last sign of life
 * @param used the processor time that it has used since then
 * @param limit how long a test may take
 * @param load the machine's load average, if known
 * @param processors number of processors that share the load
 */
record Hang(Duration silent, Duration used, Duration limit, Optional<Double> load, int processors) {

    private static final Path LOAD = Path.of("/proc/loadavg");

    /** Creates one for this machine, now. */
    static Hang now(Duration silent, Duration used, Duration limit) {
        return new Hang(silent, used, limit, readLoad(), Runtime.getRuntime().availableProcessors());
    }

    private static Optional<Double> readLoad() {
        try {
            return Optional.of(Double.parseDouble(Files.readString(LOAD).split(" ", 2)[0]));
        } catch (IOException | NumberFormatException e) {
            return Optional.empty();
        }
    }

    @Override
    public String toString() {
        return String.format(
                Locale.ROOT,
                "still running after %d s, of which %.1f s on a processor, with a limit of %d s (%s), expected a result; a kernel must"
                        + " return",
                silent.toSeconds(),
                used.toMillis() / 1000.0,
                limit.toSeconds(),
                load.map(average -> String.format(
                                Locale.ROOT, "load of the machine %.1f on %d processors", average, processors))
                        .orElse(processors + " processors, load unknown"));
    }
}
