package io.qk256.spi.plugin;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProbeDirectoryTest {

    private static final Instant LIMIT = Instant.parse("2026-01-01T00:00:00Z");

    @TempDir
    private Path parent;

    private Path make(String name, Instant when) throws IOException {
        Path made = Files.createDirectory(parent.resolve(name));
        Files.createFile(made.resolve("report"));
        return Files.setLastModifiedTime(made, FileTime.from(when));
    }

    @Test
    void whatIsClosedIsGone() throws IOException {
        Path path;
        try (ProbeDirectory directory = ProbeDirectory.make()) {
            path = directory.path();
            Files.createFile(path.resolve("report"));
        }
        assertThat(path).doesNotExist();
    }

    @Test
    void whatWasLeftBehindIsSweptAndNothingElse() throws IOException {
        Path old = make("qk256-probe-1", LIMIT.minusSeconds(1));
        Path recent = make("qk256-probe-2", LIMIT.plusSeconds(1));
        Path strange = make("probe-3", LIMIT.minusSeconds(1));
        Path link = Files.createSymbolicLink(parent.resolve("qk256-probe-4"), strange);
        ProbeDirectory.sweep(parent, LIMIT);
        assertThat(old).doesNotExist();
        assertThat(recent.resolve("report")).exists();
        assertThat(strange.resolve("report")).exists();
        assertThat(link).exists();
    }
}
