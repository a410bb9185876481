package io.qk256.spi.selection;

import static org.assertj.core.api.Assertions.assertThat;

import io.qk256.spi.CpuFeature;
import io.qk256.spi.selection.CpuFeatures.Presence;
import io.qk256.spi.support.Environment;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VerdictCacheTest {

    private static final VerdictCache.Key KEY =
            new VerdictCache.Key(Map.of("provider", "com.example.Fast", "cpu", "a = b: c\nd"));
    private static final Map<String, String> VALUES = Map.of("end", "usable", "detail", "ä = \u2028 # !");

    @TempDir
    private Path directory;

    @Test
    void whatIsWrittenIsRead() {
        VerdictCache cache = VerdictCache.in(directory.resolve("made/when/needed"));
        assertThat(cache.read(KEY, "probe")).isEmpty();
        cache.write(KEY, "probe", Map.of("old", "value"));
        cache.write(KEY, "probe", VALUES);
        assertThat(cache.problem()).isEmpty();
        assertThat(cache.read(KEY, "probe")).contains(VALUES);
        assertThat(cache.read(KEY, "speed")).isEmpty();
        assertThat(cache.read(KEY.with("contract", "9.0"), "probe")).isEmpty();
    }

    @Test
    void nothingButTheEntryIsLeft() throws IOException {
        VerdictCache.in(directory).write(KEY, "probe", VALUES);
        try (Stream<Path> files = Files.list(directory)) {
            assertThat(files).containsExactly(VerdictCache.in(directory).file(KEY, "probe"));
        }
    }

    @ParameterizedTest
    @CsvSource({"for.cpu=x", "'for.cpu=\\u12'", "''"})
    void aDamagedEntryIsIgnoredAndReplaced(String text) throws IOException {
        VerdictCache cache = VerdictCache.in(directory);
        Files.writeString(cache.file(KEY, "probe"), text);
        assertThat(cache.read(KEY, "probe")).isEmpty();
        cache.write(KEY, "probe", VALUES);
        assertThat(cache.read(KEY, "probe")).contains(VALUES);
    }

    @Test
    void withoutADirectoryNothingIsKeptAndTheProblemIsTold() throws IOException {
        Path file = Files.createFile(directory.resolve("file"));
        VerdictCache cache = VerdictCache.in(file.resolve("below"));
        cache.write(KEY, "probe", VALUES);
        assertThat(cache.read(KEY, "probe")).isEmpty();
        assertThat(cache.problem().orElseThrow())
                .contains("verdicts are not kept in " + file.resolve("below"))
                .contains("-Dqk256.cache.dir or QK256_CACHE_DIR");
    }

    @Test
    void whatAKilledProcessLeftIsSweptAndNothingElse() throws IOException {
        FileTime old = FileTime.from(Instant.now().minus(Duration.ofHours(2)));
        Path forgotten = Files.setLastModifiedTime(
                Files.createFile(directory.resolve("qk256-" + UUID.randomUUID() + ".part")), old);
        Path strange = Files.setLastModifiedTime(Files.createFile(directory.resolve("probe.part")), old);
        VerdictCache.in(directory).write(KEY, "probe", VALUES);
        assertThat(forgotten).doesNotExist();
        assertThat(strange).exists();
    }

    @Test
    void aWriteThatFailsLeavesNothing() throws IOException {
        VerdictCache cache = VerdictCache.in(directory);
        Files.createFile(Files.createDirectory(cache.file(KEY, "probe")).resolve("in the way"));
        cache.write(KEY, "probe", VALUES);
        assertThat(cache.problem()).isPresent();
        try (Stream<Path> files = Files.list(directory)) {
            assertThat(files).containsExactly(cache.file(KEY, "probe"));
        }
    }

    @Test
    void aBlankVariableIsNotSet() {
        Map<String, String> environment = Map.of("QK256_CACHE_DIR", "", "XDG_CACHE_HOME", "/x");
        assertThat(VerdictCache.directory(
                        "Linux",
                        Environment.of(name -> " "),
                        Environment.of(name -> environment.getOrDefault(name, ""))))
                .contains(Path.of("/x/qk256"));
    }

    @Test
    void theKeyDependsOnFileAndMachine() {
        CpuFeatures cpu = CpuFeatures.of(List.of(CpuFeature.AVX2));
        KernelSource source = source("a.Provider", Optional.of("12"), false);
        VerdictCache.Key key = VerdictCache.Key.of(source, cpu, "a CPU").orElseThrow();
        assertThat(VerdictCache.Key.of(source("a.Provider", Optional.of("12"), false), cpu, "a CPU"))
                .contains(key);
        assertThat(Stream.of(
                        VerdictCache.Key.of(source, cpu, "another CPU"),
                        VerdictCache.Key.of(source, cpu.with(CpuFeature.AVX2, Presence.UNKNOWN), "a CPU"),
                        VerdictCache.Key.of(source("b.Provider", Optional.of("12"), false), cpu, "a CPU"),
                        VerdictCache.Key.of(source("a.Provider", Optional.of("13"), false), cpu, "a CPU"),
                        VerdictCache.Key.of(source("a.Provider", Optional.of("12"), true), cpu, "a CPU")))
                .doesNotContain(Optional.of(key))
                .allMatch(Optional::isPresent);
        assertThat(key.facts()).containsKeys("contract", "java.runtime.version", "os");
        assertThat(VerdictCache.Key.of(source("a.Provider", Optional.empty(), false), cpu, "a CPU"))
                .isEmpty();
    }

    private static KernelSource source(String label, Optional<String> sha256, boolean nativeAccess) {
        Artifact artifact = Artifact.ofPlugin("com.example", Optional.empty(), "/p.jar", sha256, nativeAccess);
        return new KernelSource(label, artifact, () -> new FakeProvider("fast", 1));
    }

    @ParameterizedTest
    @CsvSource({
        "Linux,   /p, /e, /x, /home, /p",
        "Linux,     , /e, /x, /home, /e",
        "Linux,     ,   , /x, /home, /x/qk256",
        "Linux,     ,   , x , /home, /home/.cache/qk256",
        "Linux,     ,   ,   , ?    , ",
        "Mac OS X,  ,   , /x, /home, /home/Library/Caches/qk256",
        "Windows 11,,   , /x, /home, /local/qk256",
    })
    void theDirectoryIsTheOneOfTheSystem(
            String os, String property, String variable, String xdg, String home, String expected) {
        Map<String, Optional<String>> properties =
                Map.of(VerdictCache.DIRECTORY, Optional.ofNullable(property), "user.home", Optional.of(home));
        Map<String, Optional<String>> environment = Map.of(
                VerdictCache.DIRECTORY_VARIABLE,
                Optional.ofNullable(variable),
                "XDG_CACHE_HOME",
                Optional.ofNullable(xdg),
                "LOCALAPPDATA",
                Optional.of("/local"));
        assertThat(VerdictCache.directory(os, properties::get, environment::get))
                .isEqualTo(Optional.ofNullable(expected).map(Path::of));
    }
}
