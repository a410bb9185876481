package io.qk256.avx2.jni;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PlatformTest {

    @ParameterizedTest
    @CsvSource({
        "Linux, amd64, linux-x86_64",
        "Linux, aarch64, linux-aarch64",
        "Mac OS X, x86_64, macos-x86_64",
        "Windows Server 2019, amd64, windows-x86_64",
        "FreeBSD, amd64, freebsd-x86_64",
    })
    void systemsHaveOneName(String osName, String osArch, String expected) {
        assertThat(Platform.of(osName, osArch)).hasToString(expected);
    }
}
