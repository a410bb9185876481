package io.qk256.spi.plugin;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/**
 * The files of one probe. The directory is deleted with its contents when it is closed or this JVM ends; the next probe
 * deletes directories that were left behind.
 *
 * @param path the directory
 */
record ProbeDirectory(Path path) implements AutoCloseable {

    private static final String PREFIX = "qk256-probe-";

    /** No probe takes this long. */
    private static final Duration OLD = Duration.ofDays(1);

    private static final Set<ProbeDirectory> OPEN = ConcurrentHashMap.newKeySet();

    static {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> OPEN.forEach(ProbeDirectory::tryDelete), "qk256-probes"));
    }

    static ProbeDirectory make() throws IOException {
        ProbeDirectory directory = new ProbeDirectory(Files.createTempDirectory(PREFIX));
        OPEN.add(directory);
        sweep(Objects.requireNonNull(directory.path.getParent()), Instant.now().minus(OLD));
        return directory;
    }

    /** Deletes older directories of probes. Those of other users stay: the system does not allow their deletion. */
    static void sweep(Path parent, Instant limit) {
        try (DirectoryStream<Path> left = Files.newDirectoryStream(parent, PREFIX + "*")) {
            for (Path path : left) {
                if (Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)
                        && Files.getLastModifiedTime(path).toInstant().isBefore(limit)) {
                    new ProbeDirectory(path).tryDelete();
                }
            }
        } catch (IOException | DirectoryIteratorException e) {
            return; // Another process is sweeping, or the directory cannot be listed; neither is a reason to fail.
        }
    }

    private void tryDelete() {
        try {
            delete();
        } catch (IOException e) {
            return; // A process that was killed a moment ago may still be writing; the next probe sweeps.
        }
    }

    private void delete() throws IOException {
        try (Stream<Path> files = Files.walk(path)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }

    @Override
    public void close() {
        tryDelete();
        OPEN.remove(this);
    }
}
