package io.qk256.app.commands;

import io.qk256.spi.support.FileProblem;
import io.qk256.spi.support.UserError;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Reads text from the user and writes text for the user. */
final class TextStreams {

    /** Several times the longest context; an endless file must not take all memory. */
    private static final int LONGEST_TEXT = 64 << 20;

    private static final String BYTE_ORDER_MARK = "\ufeff";
    private static final long PATIENCE_MILLIS = 2000;

    private TextStreams() {}

    /** Writes text and flushes it, so that it is visible before the next token is computed. */
    static void show(String text, PrintWriter out) {
        out.print(text);
        out.flush();
    }

    /**
     * Reads the text of a file named by the user, or of standard input if the name is "-". What an editor adds is removed: a
     * byte order mark, and one end of line at the end.
     *
     * @throws UserError if the file does not exist or is not UTF-8
     */
    static String read(Path file, Terminal terminal) throws IOException {
        if (file.toString().equals("-")) {
            return readInput(terminal);
        }
        if (Files.isDirectory(file) || !Files.exists(file)) {
            throw new UserError(file + ": " + (Files.exists(file) ? "is a directory, expected text" : "no such file"));
        }
        try (InputStream in = Files.newInputStream(file)) { // The name may also be that of a pipe.
            return text(file.toString(), in);
        } catch (IOException e) {
            throw FileProblem.reading(file, e);
        }
    }

    /**
     * Reads standard input in the same way.
     *
     * @throws UserError if it is not UTF-8
     */
    static String readInput(Terminal terminal) throws IOException {
        Thread hint = Thread.ofPlatform().daemon().start(() -> {
            try {
                Thread.sleep(PATIENCE_MILLIS);
                terminal.say("(reading standard input to the end)");
            } catch (InterruptedException e) {
                // The input has been read.
            }
        });
        try {
            return text("standard input", terminal.inBytes());
        } finally {
            hint.interrupt();
        }
    }

    private static String text(String name, InputStream in) throws IOException {
        byte[] bytes = in.readNBytes(LONGEST_TEXT + 1);
        if (bytes.length > LONGEST_TEXT) {
            throw new UserError(name + ": is longer than " + (LONGEST_TEXT >> 20) + " MiB; shorten it");
        }
        try {
            return withoutFrame(StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString());
        } catch (CharacterCodingException e) {
            boolean utf16 = bytes.length > 1 && ((bytes[0] & 0xFF) ^ (bytes[1] & 0xFF)) == 1 && (bytes[0] | 1) == -1;
            throw new UserError(
                    name + ": is " + (utf16 ? "text in UTF-16, expected" : "not text in") + " UTF-8; convert it", e);
        }
    }

    /** Removes what an editor adds. */
    static String withoutFrame(String text) {
        int from = text.startsWith(BYTE_ORDER_MARK) ? 1 : 0;
        int to = text.length();
        if (to > from && text.charAt(to - 1) == '\n') {
            to--;
            if (to > from && text.charAt(to - 1) == '\r') {
                to--;
            }
        }
        return text.substring(from, to);
    }
}
