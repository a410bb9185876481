package io.qk256.spi.support;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/**
 * A file that a user has named as an output.
 *
 * <p>A regular file, existing or new, appears only when it is complete: the bytes go to another file in its
 * directory, which is renamed at the end. Links are followed; their target is written. The new file has the permissions
 * of the one that it replaces, and its owner where the system allows that; other hard links, access lists
 * and extended attributes stay with the old file. Devices, pipes and the like are written to, never replaced.
 *
 * <p>Every failure is an {@link IOException} with the file name and the reason. Thread-safe.
 */
public final class OutputFile {

    private static final String DASH = "-";

    private final Path named;
    private final boolean standardOutput;
    private final boolean makesDirectory;

    private OutputFile(Path named, boolean standardOutput, boolean makesDirectory) {
        this.named = named;
        this.standardOutput = standardOutput;
        this.makesDirectory = makesDirectory;
    }

    /** Writes the content. */
    @FunctionalInterface
    public interface Content {

        /** Writes all of the content; if it throws, the file stays as it was before. */
        void writeTo(OutputBytes out) throws IOException;
    }

    /**
     * Returns an output that cannot be standard output.
     *
     * @throws UserError if the name is {@code -}
     */
    public static OutputFile of(Path file) {
        if (file.toString().equals(DASH)) {
            throw new UserError("-: standard output cannot be used here, expected the name of a file"
                    + " (./- for one of this name)");
        }
        return new OutputFile(file, false, false);
    }

    /** Returns an output where {@code -} means standard output. */
    public static OutputFile orStandardOutput(Path file) {
        return new OutputFile(file, file.toString().equals(DASH), false);
    }

    /** Returns a file in a directory that is created, with its parents, when the file is written. */
    public static OutputFile in(Path directory, String name) {
        return new OutputFile(directory.resolve(name), false, true);
    }

    /** Whether the bytes go to standard output, named {@code -} or otherwise. */
    public boolean isStandardOutput() {
        return standardOutput || OutputTarget.isStandardOutput(named);
    }

    /**
     * Fails if a write would fail, as far as that can be determined without creating or changing anything. For commands
     * that work for a long time before they write.
     */
    public void requireWritable() throws IOException {
        if (!isStandardOutput()) {
            OutputTarget target = target();
            Optional<String> obstacle = target.obstacle(makesDirectory);
            if (obstacle.isPresent()) {
                throw new IOException(this + ": cannot be written: " + obstacle.get() + "; choose another location");
            }
        }
    }

    /**
     * Refuses to write to the file that is being read, whatever links lead to it.
     *
     * @throws UserError if both are the same file
     */
    public void requireOtherThan(Path input) throws IOException {
        boolean same;
        try {
            Path output = standardOutput ? OutputTarget.STANDARD_OUTPUT : named;
            same = Files.isRegularFile(output) && Files.exists(input) && Files.isSameFile(output, input);
        } catch (IOException e) {
            throw FileProblem.writing(toString(), e);
        }
        if (same) {
            throw new UserError(
                    this + ": is the file to read, " + FileProblem.name(input) + ", expected another one to write");
        }
    }

    /** Writes text in UTF-8. */
    public void write(String text) throws IOException {
        write(out -> out.write(text.getBytes(StandardCharsets.UTF_8)));
    }

    /**
     * Writes the content.
     *
     * @throws IOException if it cannot be written, or the content fails
     */
    public void write(Content content) throws IOException {
        if (isStandardOutput()) {
            content.writeTo(bytes(Channels.newChannel(StandardStream.output())));
            return;
        }
        OutputTarget target = target();
        if (target.isRegular()) {
            replace(target, content);
        } else {
            try (FileChannel channel = opened(target.path())) {
                content.writeTo(bytes(channel));
            }
        }
    }

    private void replace(OutputTarget target, Content content) throws IOException {
        try (PartFile part = part(target)) {
            content.writeTo(bytes(part.channel()));
            try {
                target.keepAttributes(part.path());
                part.channel().force(true);
                Files.move(
                        part.path(),
                        target.path(),
                        StandardCopyOption.ATOMIC_MOVE,
                        StandardCopyOption.REPLACE_EXISTING);
            } catch (IOException e) {
                throw FileProblem.writing(toString(), e);
            }
        }
    }

    private PartFile part(OutputTarget target) throws IOException {
        try {
            if (makesDirectory) {
                Files.createDirectories(target.directory());
            }
            return PartFile.create(target.directory(), target.attributes());
        } catch (IOException e) {
            throw FileProblem.writing(toString(), target.obstacle(false).orElseGet(() -> FileProblem.reason(e)), e);
        }
    }

    private FileChannel opened(Path device) throws IOException {
        try {
            return FileChannel.open(device, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING);
        } catch (IOException e) {
            throw FileProblem.writing(toString(), e);
        }
    }

    private OutputTarget target() throws IOException {
        try {
            return OutputTarget.of(named);
        } catch (IOException e) {
            throw FileProblem.writing(toString(), e);
        }
    }

    private OutputBytes bytes(WritableByteChannel channel) {
        return new OutputBytes(piece -> {
            try {
                write(piece, channel);
            } catch (ClosedPipeException e) {
                throw e;
            } catch (IOException e) {
                throw FileProblem.writing(toString(), e);
            }
        });
    }

    private static void write(ByteBuffer piece, WritableByteChannel channel) throws IOException {
        while (piece.hasRemaining()) {
            channel.write(piece);
        }
    }

    /** The name for display. */
    @Override
    public String toString() {
        return standardOutput ? "standard output" : FileProblem.name(named);
    }
}
