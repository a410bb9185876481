package io.qk256.avx2.jni;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.util.Collections;
import java.util.Set;

/**
 * The library as a file while the system loads it, as it can only load files. The name is new each time, so any number
 * of JVMs and class loaders can do this at once, none runs a file that another has left there, and nothing is left
 * behind.
 *
 * @param path the file; on systems with file owners, only its owner may read or write it
 */
record TemporaryFile(Path path) implements AutoCloseable {

    private static final Set<PosixFilePermission> OWNER_ONLY = PosixFilePermissions.fromString("rwx------");
    private static final Set<PosixFilePermission> WRITE_BY_OTHERS =
            Set.of(PosixFilePermission.GROUP_WRITE, PosixFilePermission.OTHERS_WRITE);

    /**
     * Writes the file.
     *
     * @param directory where to write it; created if it does not exist, accessible to this user only
     * @param asPrivate whether to refuse a directory that belongs to another user or that others may write to: they
     *     could replace the file before it is loaded
     */
    static TemporaryFile in(Path directory, boolean asPrivate, byte[] content) throws IOException {
        boolean posix = directory.getFileSystem().supportedFileAttributeViews().contains("posix");
        if (!Files.isDirectory(directory)) {
            FileAttribute<?>[] attributes = posix
                    ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(OWNER_ONLY)}
                    : new FileAttribute<?>[0];
            Files.createDirectories(directory, attributes);
        }
        TemporaryFile file =
                new TemporaryFile(Files.createTempFile(directory, "qk256-", "-" + System.mapLibraryName("avx2")));
        try {
            if (asPrivate && posix) { // On Windows the default directories are in the user's profile.
                requirePrivate(directory, Files.getOwner(file.path));
            }
            Files.write(file.path, content);
            return file;
        } catch (IOException e) {
            file.close();
            throw e;
        }
    }

    private static void requirePrivate(Path directory, UserPrincipal user) throws IOException {
        UserPrincipal owner = Files.getOwner(directory, LinkOption.NOFOLLOW_LINKS);
        if (!owner.equals(user)) {
            throw new FileSystemException(directory.toString(), null, "the directory belongs to " + owner.getName());
        }
        if (!Collections.disjoint(Files.getPosixFilePermissions(directory), WRITE_BY_OTHERS)) {
            throw new FileSystemException(
                    directory.toString(), null, "users other than its owner may write to the directory");
        }
    }

    /** Windows cannot delete a library in use, so deletion is retried when the JVM exits. */
    @Override
    public void close() {
        if (!path.toFile().delete()) {
            path.toFile().deleteOnExit();
        }
    }
}
