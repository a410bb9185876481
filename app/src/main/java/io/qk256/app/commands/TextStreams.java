package io.qk256.app.commands;

import java.io.BufferedReader;
import java.io.Console;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Standard input and output for text in any language. */
final class TextStreams {

    private TextStreams() {}

    /** What the user types, or what is piped in. */
    static BufferedReader in() {
        return new BufferedReader(new InputStreamReader(System.in, charset("stdin.encoding")));
    }

    /** Where generated text goes; not flushed by itself. */
    static PrintWriter out() {
        FileOutputStream bytes = new FileOutputStream(FileDescriptor.out);
        return new PrintWriter(new OutputStreamWriter(bytes, charset("stdout.encoding")));
    }

    /** Writes text that is to be seen before the next token is computed. */
    static void show(String text, PrintWriter out) {
        out.print(text);
        out.flush();
    }

    /**
     * The text of a file that the user has named.
     *
     * @throws IllegalArgumentException if there is no such file, or it is not UTF-8
     */
    static String read(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new IllegalArgumentException(file + ": " + (Files.exists(file) ? "not a file" : "no such file"));
        }
        try {
            return Files.readString(file);
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException(file + ": is not text in UTF-8, as was expected; convert it", e);
        }
    }

    /** Whether somebody sits there. */
    @SuppressWarnings("SystemConsoleNull") // It is null in a module graph without a console provider.
    static boolean isTerminal() {
        Console console = System.console();
        return console != null && console.isTerminal();
    }

    /** In files and pipes UTF-8, in terminals what they say; ASCII means that nobody said anything. */
    private static Charset charset(String property) {
        Charset said = Charset.forName(System.getProperty(property, "UTF-8"), StandardCharsets.UTF_8);
        return isTerminal() && !said.equals(StandardCharsets.US_ASCII) ? said : StandardCharsets.UTF_8;
    }
}
