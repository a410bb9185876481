package io.qk256.spi.selection;

import static org.assertj.core.api.Assertions.assertThat;

import io.qk256.spi.Contract;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ContractVersionTest {

    private static ContractVersion version(String text) {
        return ContractVersion.parse(text).orElseThrow();
    }

    @Test
    void theCurrentOneIsTheContracts() {
        assertThat(ContractVersion.CURRENT).hasToString(Contract.VERSION);
    }

    @ParameterizedTest
    @ValueSource(strings = {"0.0", "0.9", "1.0", "12.345", "999999.999999"})
    void isWrittenAsItIsRead(String text) {
        assertThat(ContractVersion.parse(text)).map(String::valueOf).contains(text);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "1",
                "1.",
                ".0",
                "1.0.0",
                "v1.0",
                "1.x",
                "-1.0",
                " 1.0",
                "1.0 ",
                "1.0-SNAPSHOT",
                "01.0",
                "1.00",
                "1.99999999999",
                "1000000.0",
                "\u0661.0"
            })
    void everythingElseIsNoVersion(String text) {
        assertThat(ContractVersion.parse(text)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"0.9, 0.9", "1.0, 1.0", "1.2, 1.0", "1.2, 1.2", "12.3, 12.0"})
    void acceptsWithoutAWarning(String ours, String built) {
        assertThat(version(ours).refusal(version(built))).isEmpty();
        assertThat(version(ours).warning(version(built))).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"1.0, 1.1", "1.2, 1.10", "2.9, 2.999999"})
    void acceptsANewerMinorWithAWarningFromOneOn(String ours, String built) {
        assertThat(version(ours).refusal(version(built))).isEmpty();
        assertThat(version(ours).warning(version(built)))
                .contains("built for contract " + built + ", newer than this framework's " + ours
                        + ": it may need something that is missing here");
    }

    @ParameterizedTest
    @CsvSource({"0.9, 0.8", "0.9, 0.10", "0.9, 1.9", "1.0, 0.9", "1.0, 2.0", "1.9, 0.9", "2.0, 1.0"})
    void refusesAnotherMajorAndBeforeOneAnotherMinor(String ours, String built) {
        assertThat(version(ours).refusal(version(built)))
                .contains("built for contract " + built + ", this is " + ours
                        + "; recompile it against the io.qk256:kernel-spi of contract " + ours
                        + ", or get a build for that");
    }
}
