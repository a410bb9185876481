package io.qk256.avx2.jni;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
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

    @Test
    void eachSystemKeepsCachesInItsOwnPlace() {
        Map<String, String> environment = Map.of("LOCALAPPDATA", "/users/al/AppData/Local");
        Optional<String> home = Optional.of("/users/al");

        assertThat(cache("Linux", environment, home)).contains(Path.of("/users/al/.cache"));
        assertThat(cache("Mac OS X", environment, home)).contains(Path.of("/users/al/Library/Caches"));
        assertThat(cache("Windows 11", environment, home)).contains(Path.of("/users/al/AppData/Local"));
    }

    @Test
    void aUserWithoutAHomeHasNoCache() {
        assertThat(cache("Linux", Map.of(), Optional.of("?"))).isEmpty();
        assertThat(cache("Linux", Map.of(), Optional.empty())).isEmpty();
    }

    private static Optional<Path> cache(String osName, Map<String, String> environment, Optional<String> home) {
        return Platform.of(osName, "amd64").userCache(name -> Optional.ofNullable(environment.get(name)), home);
    }
}
