package io.qk256.tck.runner;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class HangTest {

    @Test
    void namesTheLoadOfTheMachine() {
        assertThat(hang(Optional.of(7.26)))
                .hasToString(
                        "still running after 61 s, of which 20.1 s on a processor, with a limit of 20 s (load of the machine 7.3"
                                + " on 2 processors), expected a result; a kernel must return");
    }

    @Test
    void saysWhereTheLoadIsUnknown() {
        assertThat(hang(Optional.empty()).toString()).contains("(2 processors, load unknown)");
    }

    private static Hang hang(Optional<Double> load) {
        return new Hang(Duration.ofSeconds(61), Duration.ofMillis(20_100), Duration.ofSeconds(20), load, 2);
    }
}
