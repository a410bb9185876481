package io.qk256.tck.runner;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class PatienceTest {

    private static boolean isOver(double load, int silent, int used) {
        return new Patience(Duration.ofSeconds(20), Optional.of(load), 2)
                .isOver(Duration.ofSeconds(silent), Duration.ofSeconds(used));
    }

    @Test
    void withinTheLimitNothingHangs() {
        assertThat(isOver(0.5, 19, 19)).isFalse();
        assertThat(isOver(9, 19, 38)).isFalse();
    }

    @Test
    void onAFreeMachineTheLimitIsTheEnd() {
        assertThat(isOver(0.5, 20, 0)).isTrue();
        assertThat(isOver(2, 20, 20)).isTrue();
    }

    @Test
    void onABusyMachineATestGetsItsTimeOnAProcessorButNotForEver() {
        assertThat(isOver(9, 100, 19)).isFalse();
        assertThat(isOver(9, 100, 20)).isTrue();
        assertThat(isOver(9, 199, 0)).isFalse();
        assertThat(isOver(9, 200, 0)).isTrue();
    }

    @Test
    void whereTheLoadIsUnknownTheLimitIsTheEnd() {
        assertThat(new Patience(Duration.ofSeconds(20), Optional.empty(), 2)
                        .isOver(Duration.ofSeconds(20), Duration.ZERO))
                .isTrue();
    }

    @Test
    void theMessageNamesTheLoad() {
        assertThat(new Patience(Duration.ofSeconds(20), Optional.of(7.26), 2)
                        .describe(Duration.ofSeconds(61), Duration.ofMillis(20_100)))
                .isEqualTo(
                        "no end after 61 s, of which 20.1 s on a processor, with a limit of 20 s (load of the machine 7.3"
                                + " on 2 processors), expected a result; a kernel must return");
    }
}
