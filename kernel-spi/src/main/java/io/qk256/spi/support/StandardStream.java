package io.qk256.spi.support;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Standard output of the process, whatever others do to {@link System#out}: a stream of its own on the file descriptor. It
 * remembers the first failure, because {@link java.io.PrintWriter} tells nobody: after that it takes nothing
 * more, so that no output has a hole. Closing it flushes nothing and closes nothing. Thread-safe.
 */
public final class StandardStream extends OutputStream {

    private static final Path DEVICE = Path.of("/dev/fd/1");
    private static final int FILE_TYPE = 0xF000;
    private static final int PIPE = 0x1000;
    private static final int SOCKET = 0xC000;

    private final OutputStream stream;
    private volatile @Nullable IOException failure;

    private StandardStream(OutputStream stream) {
        this.stream = stream;
    }

    /** That of the process. */
    public static StandardStream output() {
        return over(new FileOutputStream(FileDescriptor.out));
    }

    /** What leads there, or stands for it. */
    public static StandardStream over(OutputStream stream) {
        return new StandardStream(stream);
    }

    @Override
    public void write(int value) throws IOException {
        write(new byte[] {(byte) value}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        IOException before = failure;
        if (before != null) {
            throw before;
        }
        try {
            stream.write(bytes, offset, length);
        } catch (IOException e) {
            IOException failed = isPipe() ? new ClosedPipeException(e) : e;
            failure = failed;
            throw failed;
        }
    }

    /** Why output is lost; empty if all was taken, or the reader of a pipe has gone and wants no more. */
    public Optional<String> loss() {
        IOException seen = failure;
        return seen == null || seen instanceof ClosedPipeException
                ? Optional.empty()
                : Optional.of(FileProblem.reason(seen));
    }

    /** The message of the system is in the user's language; a pipe fails for one reason only. */
    private boolean isPipe() {
        try {
            int type = (int) Files.getAttribute(DEVICE, "unix:mode") & FILE_TYPE;
            return type == PIPE || type == SOCKET;
        } catch (IOException | UnsupportedOperationException | IllegalArgumentException e) {
            return false;
        }
    }
}
