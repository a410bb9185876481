package io.qk256.app.commands;

import io.qk256.spi.support.Environment;
import io.qk256.spi.support.PrintableText;
import io.qk256.spi.support.StandardStream;
import io.qk256.spi.support.UserError;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.Console;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The streams of one run of the command line: data on standard output, messages on standard error. They use the process's own
 * file descriptors, so a plugin that replaces {@code System.out} does not affect them.
 *
 * <p>Nothing written here can control a terminal: control characters other than line feeds and tabs are shown as escapes,
 * whatever their source. Text that must stay on one line, or short, first goes through {@link PrintableText#line}.
 */
final class Terminal {

    /** Enough for a message that lists alternatives; a name of ten megabytes is cut. */
    private static final int LONGEST_MESSAGE = 3000;

    /** System property set by the launcher, because only a shell can tell: which of "in,out,err" are terminals. */
    private static final String TERMINALS = "qk256.terminals";

    private final InputStream in;
    private final BufferedReader lines;
    private boolean begun;
    private final StandardStream written;
    private final PrintWriter out;
    private final PrintWriter text;
    private final PrintWriter rawOut;
    private final PrintWriter err;
    private final PrintWriter rawErr;
    private final List<String> terminals;

    private Terminal(InputStream in, OutputStream out, OutputStream err, List<String> terminals) {
        this.terminals = terminals;
        this.in = in;
        this.lines = new BufferedReader(new InputStreamReader(in, strict(charset("in", "stdin.encoding"))));
        this.written = StandardStream.over(out);
        Writer data = new BufferedWriter(new OutputStreamWriter(written, charset("out", "stdout.encoding")));
        Writer talk = new BufferedWriter(new OutputStreamWriter(err, charset("err", "stderr.encoding")));
        this.out = new PrintWriter(PrintableWriter.ofReports(data));
        this.text = new PrintWriter(terminals.contains("out") ? PrintableWriter.ofText(data) : data);
        this.rawOut = new PrintWriter(data);
        this.err = new PrintWriter(PrintableWriter.ofReports(talk), true);
        this.rawErr = new PrintWriter(talk);
    }

    /** The streams of this process. */
    static Terminal ofProcess() {
        return new Terminal(
                new FileInputStream(FileDescriptor.in),
                new FileOutputStream(FileDescriptor.out),
                new FileOutputStream(FileDescriptor.err),
                terminals());
    }

    /** Streams that are not terminals. */
    static Terminal of(InputStream in, OutputStream out, OutputStream err) {
        return new Terminal(in, out, err, List.of());
    }

    private static List<String> terminals() {
        Optional<String> told = Optional.ofNullable(System.getProperty(TERMINALS));
        return told.map(names -> List.of(names.split(",")))
                .orElseGet(() -> isConsole() ? List.of("in", "out", "err") : List.of());
    }

    @SuppressWarnings("SystemConsoleNull") // Null in a module graph without a console provider.
    private static boolean isConsole() {
        Console console = System.console();
        return console != null && console.isTerminal();
    }

    /** UTF-8 for files and pipes, the configured charset for terminals; ASCII means that none is configured. */
    private Charset charset(String stream, String property) {
        if (!terminals.contains(stream)) {
            return StandardCharsets.UTF_8;
        }
        Charset said = Charset.forName(Environment.property(property).orElse("UTF-8"), StandardCharsets.UTF_8);
        return said.equals(StandardCharsets.US_ASCII) ? StandardCharsets.UTF_8 : said;
    }

    private static CharsetDecoder strict(Charset charset) {
        return charset.newDecoder()
                .onMalformedInput(CodingErrorAction.REPORT)
                .onUnmappableCharacter(CodingErrorAction.REPORT);
    }

    /** All of standard input; not to be mixed with {@link #line}. */
    InputStream inBytes() {
        return in;
    }

    /**
     * Returns the next line that the user types or that is piped in; null at the end.
     *
     * @throws UserError if it is not text
     */
    @Nullable
    String line() throws IOException {
        try {
            String line = lines.readLine();
            String text = line == null || begun ? line : TextStreams.withoutFrame(line);
            begun = true;
            return text;
        } catch (CharacterCodingException e) {
            throw new UserError("standard input: is not text in UTF-8; convert it", e);
        }
    }

    /** For reports and data; not flushed automatically. */
    PrintWriter out() {
        return out;
    }

    /**
     * For text generated by a model; not flushed automatically. A file or a pipe receives it exactly; on a terminal, control
     * characters are shown as escapes, but the joining marks that scripts and emoji need pass.
     */
    PrintWriter text() {
        return text;
    }

    /** For messages; each line is flushed. */
    PrintWriter err() {
        return err;
    }

    /** For the program's own help texts, which are in color. */
    PrintWriter rawOut() {
        return rawOut;
    }

    /** Prints one line about a problem; escaped, and cut if it is very long. */
    void tell(String message) {
        say("qk256: " + message);
    }

    /** Prints one line of message; escaped, and cut if it is very long. */
    void say(String message) {
        err.println(PrintableText.line(message, LONGEST_MESSAGE));
    }

    /** Overwrites the last line of the terminal; does nothing if standard error is not a terminal. */
    void progress(String line) {
        if (showsProgress()) {
            rawErr.print("\r\033[K" + PrintableText.line(line));
            rawErr.flush();
        }
    }

    /** Whether {@link #progress} is visible. */
    boolean showsProgress() {
        return terminals.contains("err");
    }

    /** Whether standard input is a terminal. */
    boolean isTypedIn() {
        return terminals.contains("in");
    }

    /** Flushes all streams, and returns why output was lost, unless the reader closed standard output. */
    Optional<String> finish() {
        text.flush();
        out.flush();
        err.flush();
        return written.loss();
    }
}
