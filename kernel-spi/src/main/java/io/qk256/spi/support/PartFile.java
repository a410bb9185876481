package io.qk256.spi.support;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Pattern;

/**
 * A file with a unique name for incomplete content. It is deleted when it is closed, unless it was moved away, and when
 * the JVM ends. What a killed process left behind is deleted by the next process that writes to the directory: a part
 * that is being written is locked, an abandoned one is not.
 */
final class PartFile implements AutoCloseable {

    private static final Pattern NAME = Pattern.compile("qk256-[0-9a-f-]{36}\\.part");

    /** An unlocked part of this age is abandoned; a younger one may be about to be locked. */
    private static final Duration FORGOTTEN = Duration.ofMinutes(1);

    /** The parts of this process. Their locks must not be tried: closing the second channel would release them. */
    private static final Set<Path> MINE = new HashSet<>();

    private static boolean ending;

    static {
        Runtime.getRuntime().addShutdownHook(new Thread(PartFile::deleteMine, "qk256-part-files"));
    }

    private final Path path;
    private final FileChannel channel;

    private PartFile(Path path, FileChannel channel) {
        this.path = path;
        this.channel = channel;
    }

    static PartFile create(Path directory, FileAttribute<?>... attributes) throws IOException {
        sweep(directory);
        Path path = directory.resolve("qk256-" + UUID.randomUUID() + ".part");
        synchronized (MINE) {
            if (ending) {
                throw new IOException("the program is ending");
            }
            MINE.add(path);
        }
        FileChannel channel = null;
        try {
            channel =
                    FileChannel.open(path, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), attributes);
            lock(channel);
            return new PartFile(path, channel);
        } finally {
            if (channel == null) {
                forget(path);
            }
        }
    }

    FileChannel channel() {
        return channel;
    }

    Path path() {
        return path;
    }

    @Override
    public void close() throws IOException {
        try (channel) {
            Files.deleteIfExists(path);
        } finally {
            forget(path);
        }
    }

    /** The lock is released when the channel is closed. Where locks do not work, no part can be taken for abandoned. */
    private static void lock(FileChannel channel) {
        try {
            channel.tryLock();
        } catch (IOException e) {
            // Then no other process gets the lock either, and none takes the part for abandoned.
        }
    }

    private static void forget(Path path) {
        synchronized (MINE) {
            MINE.remove(path);
        }
    }

    private static void deleteMine() {
        synchronized (MINE) {
            ending = true;
            for (Path path : MINE) {
                try {
                    Files.deleteIfExists(path);
                } catch (IOException e) {
                    // The next process tries again.
                }
            }
        }
    }

    private static void sweep(Path directory) {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(
                directory,
                file -> NAME.matcher(String.valueOf(file.getFileName())).matches())) {
            files.forEach(PartFile::deleteIfForgotten);
        } catch (IOException | DirectoryIteratorException e) {
            // The directory may not be listable, but may still be writable.
        }
    }

    private static void deleteIfForgotten(Path file) {
        try {
            if (isForgotten(file)) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            // It belongs to another user.
        }
    }

    private static boolean isForgotten(Path file) throws IOException {
        synchronized (MINE) {
            if (MINE.stream().anyMatch(mine -> mine.endsWith(file.getFileName()))) {
                return false;
            }
        }
        boolean old = Files.getLastModifiedTime(file, LinkOption.NOFOLLOW_LINKS)
                .toInstant()
                .isBefore(Instant.now().minus(FORGOTTEN));
        if (!old || !Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
            return false;
        }
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE);
                FileLock lock = channel.tryLock()) {
            return lock != null;
        } catch (OverlappingFileLockException e) {
            return false;
        }
    }
}
