package io.qk256.spi.support;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What counts as a process's time, with given clocks. */
class ProcessClockTest {

    private static final long MILLI = 1_000_000;

    /** One look every 20 ms; used is the share of a processor that the process gets. The limit is 10 s. */
    @ParameterizedTest
    @CsvSource({
        "1.0,    10",
        "2.0,    10", // Two threads need not be twice as fast.
        "0.0,    10", // It waits.
        "0.005,  10",
        "0.5,    20", // Others take half of the processor.
        "0.25,   40",
        "0.05,   50", // At the end of all patience.
        "-1,     10" // The system does not tell.
    })
    void itIsOverWhenTheProcessHasHadItsTime(double used, long seconds) {
        ProcessClock clock = new ProcessClock(Duration.ofSeconds(10), 0, 0);
        long now = 0;
        while (!clock.isOver(now, used < 0 ? -1 : (long) (now * used))) {
            now += 20 * MILLI;
        }
        assertThat(now / MILLI).isBetween(seconds * 1000, seconds * 1000 + 200);
    }

    @Test
    void whatWasUsedBeforeDoesNotCount() {
        ProcessClock clock = new ProcessClock(Duration.ofSeconds(1), 0, 5_000 * MILLI);
        for (long now = 0; now <= 1_500 * MILLI; now += 20 * MILLI) {
            assertThat(clock.isOver(now, 5_000 * MILLI + now / 2)).isFalse();
        }
    }

    @Test
    void whileTheWatcherIsKeptFromTheProcessorNoTimePasses() {
        ProcessClock clock = new ProcessClock(Duration.ofSeconds(10), 0, 0);
        assertThat(clock.isOver(3600_000 * MILLI, 0)).isFalse();
        assertThat(clock.isOver(7200_000 * MILLI, 0)).isFalse();
    }
}
