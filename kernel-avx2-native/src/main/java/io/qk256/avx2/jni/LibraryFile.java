package io.qk256.avx2.jni;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.Optional;
import java.util.Set;

/**
 * The library as a file: the system's linker loads nothing else. The name holds a hash of the content, so that builds do
 * not meet; files appear whole, so that JVMs which start together do not disturb each other.
 */
final class LibraryFile {

    private static final String BASE_NAME = "libqk256_avx2-";
    private static final int HASH_DIGITS = 16;
    private static final Set<PosixFilePermission> OWNER_ONLY = PosixFilePermissions.fromString("rwx------");
    private static final Set<PosixFilePermission> WRITE_BY_OTHERS =
            Set.of(PosixFilePermission.GROUP_WRITE, PosixFilePermission.OTHERS_WRITE);

    private final byte[] content;
    private final String suffix;

    /**
     * A library that is to become a file.
     *
     * @param content its bytes
     * @param suffix how the system's libraries end, such as {@code .so}
     */
    LibraryFile(byte[] content, String suffix) {
        this.content = content.clone();
        this.suffix = suffix;
    }

    /** The name of the file. */
    String name() {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(content);
            return BASE_NAME + HexFormat.of().formatHex(hash).substring(0, HASH_DIGITS) + suffix;
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java platform has SHA-256", e);
        }
    }

    /**
     * The library in a directory, which is made if it does not exist. A file that is there is used if it has the very
     * content, and replaced otherwise.
     *
     * @throws IOException if the file cannot be written
     */
    Path in(Path directory) throws IOException {
        createDirectory(directory);
        Path file = directory.resolve(name());
        if (!isIntact(file)) {
            Path whole = copyIn(directory);
            try {
                Files.move(whole, file, StandardCopyOption.ATOMIC_MOVE);
            } catch (FileSystemException e) {
                Files.delete(whole);
                // Windows does not replace a library that another JVM has loaded; that one will do.
                if (!isIntact(file)) {
                    throw e;
                }
            }
        }
        return file;
    }

    /**
     * The same in a directory that only this user may write to: nobody else can exchange the file after it was compared.
     *
     * @throws IOException if the directory belongs to somebody else or others may write to it, or the file cannot be
     *     written
     */
    Path inPrivate(Path directory) throws IOException {
        createDirectory(directory);
        requirePrivate(directory);
        return in(directory);
    }

    /** Another copy, under a name of its own, that is deleted when the JVM ends. */
    Path copyBeside(Path file) throws IOException {
        Path copy = copyIn(Optional.ofNullable(file.getParent()).orElseThrow());
        copy.toFile().deleteOnExit();
        return copy;
    }

    private Path copyIn(Path directory) throws IOException {
        Path copy = Files.createTempFile(directory, BASE_NAME, suffix);
        try {
            Files.write(copy, content);
        } catch (IOException e) {
            Files.deleteIfExists(copy);
            throw e;
        }
        return copy;
    }

    private boolean isIntact(Path file) throws IOException {
        return Files.isRegularFile(file)
                && Files.size(file) == content.length
                && Arrays.equals(Files.readAllBytes(file), content);
    }

    private static void createDirectory(Path directory) throws IOException {
        if (!Files.isDirectory(directory)) {
            FileAttribute<?>[] attributes = isPosix(directory)
                    ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(OWNER_ONLY)}
                    : new FileAttribute<?>[0];
            Files.createDirectories(directory, attributes);
        }
    }

    private static void requirePrivate(Path directory) throws IOException {
        if (!isPosix(directory)) {
            return; // On Windows both default directories lie in the user's profile.
        }
        Path mine = Files.createTempFile(directory, BASE_NAME, ".owner");
        try {
            UserPrincipal owner = Files.getOwner(directory, LinkOption.NOFOLLOW_LINKS);
            if (!owner.equals(Files.getOwner(mine))) {
                throw new FileSystemException(
                        directory.toString(), null, "the directory belongs to " + owner.getName());
            }
        } finally {
            Files.delete(mine);
        }
        if (!Collections.disjoint(Files.getPosixFilePermissions(directory), WRITE_BY_OTHERS)) {
            throw new FileSystemException(
                    directory.toString(), null, "others than its owner may write to the directory");
        }
    }

    private static boolean isPosix(Path path) {
        return path.getFileSystem().supportedFileAttributeViews().contains("posix");
    }
}
