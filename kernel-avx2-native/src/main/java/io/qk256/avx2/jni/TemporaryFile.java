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
 * The library as a file for as long as the system needs to load it, for it loads nothing else. The name is new each time, so
 * any number of JVMs and class loaders come at once, nobody runs what another has left there, and nothing is left behind.
 *
 * @param path the file, which only its owner may read or write where the system knows owners
 */
record TemporaryFile(Path path) implements AutoCloseable {

    private static final Set<PosixFilePermission> OWNER_ONLY = PosixFilePermissions.fromString("rwx------");
    private static final Set<PosixFilePermission> WRITE_BY_OTHERS =
            Set.of(PosixFilePermission.GROUP_WRITE, PosixFilePermission.OTHERS_WRITE);

    /**
     * Writes the file.
     *
     * @param directory where; it is made if it does not exist, for this user alone
     * @param asPrivate refuses a directory that belongs to somebody else or that others may write to: they could exchange the
     *     file before it is loaded
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
            if (asPrivate && posix) { // On Windows the default directories lie in the user's profile.
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
                    directory.toString(), null, "others than its owner may write to the directory");
        }
    }

    /** Windows does not delete a library that is in use, so it is tried again when the JVM ends. */
    @Override
    public void close() {
        if (!path.toFile().delete()) {
            path.toFile().deleteOnExit();
        }
    }
}
