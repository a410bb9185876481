package io.qk256.spi.support;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class EnvironmentTest {

    @Test
    void aBlankValueCountsAsNotSet() {
        Map<String, String> values = Map.of("EMPTY", "", "BLANK", " \t", "SET", " x ");
        assertThat(Environment.of(values::get).apply("EMPTY")).isEmpty();
        assertThat(Environment.of(values::get).apply("BLANK")).isEmpty();
        assertThat(Environment.of(values::get).apply("UNSET")).isEmpty();
        assertThat(Environment.of(values::get).apply("SET")).contains(" x ");
    }
}
