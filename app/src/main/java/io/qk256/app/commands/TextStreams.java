package io.qk256.app.commands;

import java.io.BufferedReader;
import java.io.Console;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;

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
