package io.qk256.spi.support;

import java.io.IOException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.Set;

/**
 * The target of an output name, with all links resolved.
 *
 * @param path the path without a link at its end, unless only the system can follow that link
 * @param isRegular whether it is a regular file, or one can be created there
 */
record OutputTarget(Path path, boolean isRegular) {

    static final Path STANDARD_OUTPUT = Path.of("/dev/stdout");

    private static final int MAX_LINKS = 40;
    private static final Set<Path> STANDARD_OUTPUT_TOO = Set.of(Path.of("/dev/fd/1"), Path.of("/proc/self/fd/1"));
    private static final Set<PosixFilePermission> MINE_ONLY = PosixFilePermissions.fromString("rw-------");

    /** Whether it is one of the system's names for standard output, which opening a second time would truncate. */
    static boolean isStandardOutput(Path named) {
        Path path = named.toAbsolutePath().normalize();
        return path.equals(STANDARD_OUTPUT) || STANDARD_OUTPUT_TOO.contains(path);
    }

    static OutputTarget of(Path named) throws IOException {
        if (Files.exists(named) && !Files.isRegularFile(named)) {
            return new OutputTarget(named, false);
        }
        Path path = named.toAbsolutePath();
        for (int links = 0; Files.isSymbolicLink(path); links++) {
            if (links == MAX_LINKS) {
                throw new FileSystemLoopException(named.toString());
            }
            if (isOpenFile(path)) {
                return new OutputTarget(named, false);
            }
            path = path.resolveSibling(Files.readSymbolicLink(path));
        }
        return new OutputTarget(path, true);
    }

    /** Links such as /proc/self/fd/3 stand for a file that a process has open; their text may not be its path. */
    private static boolean isOpenFile(Path link) throws IOException {
        Path directory = link.getParent();
        return directory != null && directory.toRealPath().startsWith("/proc");
    }

    Path directory() {
        Path parent = path.getParent();
        return parent == null ? path : parent;
    }

    /** Why it cannot be written, if that can be determined. */
    Optional<String> obstacle(boolean directoryIsMade) {
        if (Files.isDirectory(path)) {
            return Optional.of("it is a directory");
        }
        if (Files.exists(path) && !Files.isWritable(path)) {
            return Optional.of("this user may not write to it");
        }
        return isRegular ? obstacleOf(directory(), directoryIsMade) : Optional.empty();
    }

    private static Optional<String> obstacleOf(Path directory, boolean isMade) {
        Path above = directory;
        while (isMade && !Files.exists(above) && above.getParent() != null) {
            above = above.getParent();
        }
        String name = FileProblem.name(above);
        if (!Files.exists(above)) {
            return Optional.of("there is no directory " + name);
        }
        if (!Files.isDirectory(above)) {
            return Optional.of(name + " is not a directory");
        }
        if (!Files.isWritable(above)) {
            return Optional.of(
                    isReadOnly(above)
                            ? "the file system of " + name + " is read-only"
                            : "this user may not write in the directory " + name);
        }
        return Optional.empty();
    }

    private static boolean isReadOnly(Path directory) {
        try {
            return Files.getFileStore(directory).isReadOnly();
        } catch (IOException e) {
            return false;
        }
    }

    /**
     * Attributes for the replacement file: the old file may be secret, so nobody else may read the new one
     * meanwhile.
     */
    FileAttribute<?>[] attributes() throws IOException {
        return existing().isPresent()
                ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(MINE_ONLY)}
                : new FileAttribute<?>[0];
    }

    /** Gives the replacement file the old file's permissions, and its owner if that is allowed. */
    void keepAttributes(Path successor) throws IOException {
        Optional<PosixFileAttributes> kept = existing();
        if (kept.isPresent()) {
            PosixFileAttributeView view = Files.getFileAttributeView(successor, PosixFileAttributeView.class);
            try {
                view.setGroup(kept.get().group());
                view.setOwner(kept.get().owner());
            } catch (IOException e) {
                // Only root may change the owner of a file.
            }
            view.setPermissions(kept.get().permissions());
        }
    }

    /** The attributes of the file that will be replaced, on file systems with such attributes. */
    private Optional<PosixFileAttributes> existing() throws IOException {
        PosixFileAttributeView view = Files.getFileAttributeView(path, PosixFileAttributeView.class);
        return view == null || !Files.exists(path) ? Optional.empty() : Optional.of(view.readAttributes());
    }
}
