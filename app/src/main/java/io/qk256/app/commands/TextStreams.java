package io.qk256.app.commands;

import io.qk256.spi.support.FileProblem;
import io.qk256.spi.support.UserError;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Text of the user, and for the user. */
final class TextStreams {

    private TextStreams() {}

    /** Writes text that is to be seen before the next token is computed. */
    static void show(String text, PrintWriter out) {
        out.print(text);
        out.flush();
    }

    /**
     * The text of a file that the user has named.
     *
     * @throws UserError if there is no such file, or it is not UTF-8
     */
    static String read(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new UserError(file + ": " + (Files.exists(file) ? "not a file" : "no such file"));
        }
        try {
            return Files.readString(file);
        } catch (CharacterCodingException e) {
            throw new UserError(file + ": is not text in UTF-8, as was expected; convert it", e);
        } catch (IOException e) {
            throw FileProblem.reading(file, e);
        }
    }
}
