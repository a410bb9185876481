package io.qk256.app.files;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;

/** A file that appears under its name when it is complete, and not before. */
final class WholeFile {

    private static final long PIECE_BYTES = 1 << 28;

    private final FileChannel channel;
    private long position;

    private WholeFile(FileChannel channel) {
        this.channel = channel;
    }

    @FunctionalInterface
    interface Content {
        void writeTo(WholeFile out) throws IOException;
    }

    /**
     * Writes a file, or replaces it. A reader of the one that was there keeps it.
     *
     * @throws IOException if it cannot be written, or the content fails
     */
    static void write(Path path, Content content) throws IOException {
        Path part = path.resolveSibling(path.getFileName() + "." + UUID.randomUUID() + ".part");
        try {
            try (FileChannel channel =
                    FileChannel.open(part, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
                content.writeTo(new WholeFile(channel));
                channel.force(true);
            }
            Files.move(part, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (FileSystemException e) {
            throw new IOException(path + ": cannot be written: " + reason(e) + "; choose another place", e);
        } finally {
            Files.deleteIfExists(part);
        }
    }

    /** The message of the exception itself is little more than a path. */
    private static String reason(FileSystemException e) {
        if (e instanceof NoSuchFileException) {
            return "there is no such directory";
        }
        return e instanceof AccessDeniedException ? "access is denied" : String.valueOf(e.getMessage());
    }

    void write(MemorySegment bytes) throws IOException {
        for (long at = 0; at < bytes.byteSize(); at += PIECE_BYTES) {
            ByteBuffer piece = bytes.asSlice(at, Math.min(PIECE_BYTES, bytes.byteSize() - at))
                    .asByteBuffer();
            while (piece.hasRemaining()) {
                position += channel.write(piece);
            }
        }
    }

    /** Writes zeros up to a multiple. */
    void pad(long multiple) throws IOException {
        write(MemorySegment.ofArray(new byte[(int) (Math.ceilDiv(position, multiple) * multiple - position)]));
    }
}
