package io.qk256.spi.support;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class CacheDirectoryTest {

    private static final Map<String, String> HOME = Map.of("user.home", "/users/al");

    private static Optional<Path> find(String osName, Map<String, String> properties, Map<String, String> environment) {
        return CacheDirectory.find(osName, Environment.of(properties::get), Environment.of(environment::get));
    }

    @Test
    void eachSystemKeepsCachesInItsOwnPlace() {
        Map<String, String> environment = Map.of("LOCALAPPDATA", "/users/al/AppData/Local");

        assertThat(find("Linux", HOME, environment)).contains(Path.of("/users/al/.cache/qk256"));
        assertThat(find("Mac OS X", HOME, environment)).contains(Path.of("/users/al/Library/Caches/qk256"));
        assertThat(find("Windows 11", HOME, environment)).contains(Path.of("/users/al/AppData/Local/qk256"));
    }

    @Test
    void theXdgDirectoryCountsIfItIsAbsolute() {
        assertThat(find("Linux", HOME, Map.of("XDG_CACHE_HOME", "/xdg"))).contains(Path.of("/xdg/qk256"));
        assertThat(find("Linux", HOME, Map.of("XDG_CACHE_HOME", "xdg"))).contains(Path.of("/users/al/.cache/qk256"));
    }

    @Test
    void whatIsNamedIsTheDirectoryItself() {
        Map<String, String> variable = Map.of("QK256_CACHE_DIR", "/by/variable");

        assertThat(find("Linux", HOME, variable)).contains(Path.of("/by/variable"));
        assertThat(find("Linux", Map.of("qk256.cache.dir", "/by/property"), variable))
                .contains(Path.of("/by/property"));
    }

    @Test
    void aBlankValueNamesNothing() {
        Map<String, String> blank = Map.of("QK256_CACHE_DIR", "", "XDG_CACHE_HOME", " ");

        assertThat(find("Linux", Map.of("user.home", "/users/al", "qk256.cache.dir", ""), blank))
                .contains(Path.of("/users/al/.cache/qk256"));
    }

    @Test
    void aUserWithoutAHomeHasNoCache() {
        assertThat(find("Linux", Map.of("user.home", "?"), Map.of())).isEmpty();
        assertThat(find("Linux", Map.of(), Map.of())).isEmpty();
    }
}
