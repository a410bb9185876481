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
 * The process's standard output, independent of {@link System#out}: a separate stream on the file descriptor. It
 * remembers the first failure, because {@link java.io.PrintWriter} does not report it, and accepts nothing afterwards,
 * so output never has a gap. Closing it neither flushes nor closes anything. Thread-safe.
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

    /** Returns the standard output of the process. */
    public static StandardStream output() {
        return over(new FileOutputStream(FileDescriptor.out));
    }

    /** Returns one over a stream that leads there, or a replacement for it. */
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

    /** Why output was lost; empty if everything was written, or the reader of a pipe is gone and wants no more. */
    public Optional<String> loss() {
        IOException seen = failure;
        return seen == null || seen instanceof ClosedPipeException
                ? Optional.empty()
                : Optional.of(FileProblem.reason(seen));
    }

    /**
     * The system's message is in the user's language, so this looks at the kind of file: a pipe fails for one reason
     * only.
     */
    private boolean isPipe() {
        try {
            int type = (int) Files.getAttribute(DEVICE, "unix:mode") & FILE_TYPE;
            return type == PIPE || type == SOCKET;
        } catch (IOException | UnsupportedOperationException | IllegalArgumentException e) {
            return false;
        }
    }
}
