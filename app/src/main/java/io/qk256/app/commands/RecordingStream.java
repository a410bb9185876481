package io.qk256.app.commands;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/** Standard output that remembers the first failure, which print writers swallow. */
final class RecordingStream extends OutputStream {

    private final OutputStream to;
    private volatile Optional<String> failure = Optional.empty();

    RecordingStream(OutputStream to) {
        this.to = to;
    }

    @Override
    public void write(int value) throws IOException {
        write(new byte[] {(byte) value}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int from, int count) throws IOException {
        try {
            to.write(bytes, from, count);
        } catch (IOException e) {
            if (failure.isEmpty()) {
                failure = Optional.of(String.valueOf(e.getMessage()));
            }
            throw e;
        }
    }

    @Override
    public void flush() throws IOException {
        to.flush();
    }

    /** Why not all could be written; nothing if the reader of a pipe has gone, as {@code head} does. */
    Optional<String> failure() {
        return failure.filter(why -> !why.toLowerCase(Locale.ROOT).contains("broken pipe") && !isPipe());
    }

    /** The system's message is in the user's language; the kind of the file is not. */
    private static boolean isPipe() {
        try {
            String target = Files.readSymbolicLink(Path.of("/proc/self/fd/1")).toString();
            return target.startsWith("pipe:") || target.startsWith("socket:");
        } catch (IOException | UnsupportedOperationException e) {
            return false;
        }
    }
}
