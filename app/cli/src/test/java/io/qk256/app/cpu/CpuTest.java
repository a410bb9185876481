package io.qk256.app.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CpuTest {

    @ParameterizedTest
    @CsvSource({
        "AuthenticAMD, 25, 1, Zen 3, Zen 3",
        "AuthenticAMD, 25, 17, Zen 3, Zen 4",
        "AuthenticAMD, 25, 33, Zen 3, Zen 3",
        "AuthenticAMD, 25, 80, Zen 3, Zen 3",
        "AuthenticAMD, 25, 97, Zen 3, Zen 4",
        "AuthenticAMD, 25, 160, Zen 3, Zen 4",
        "AuthenticAMD, 25, , Zen 3, Zen 3",
        "AuthenticAMD, 26, 17, Zen 5, Zen 5",
        "GenuineIntel, 25, 17, unknown, unknown"
    })
    void zen4IsToldFromZen3(String vendor, String family, String model, String known, String expected) {
        assertThat(Cpu.architecture(vendor, family, model == null ? "" : model, known))
                .isEqualTo(expected);
    }
}
