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
 * The streams of one run of the command line: standard output is data, standard error is talk. They are the process's own
 * descriptors: what a plugin does to {@code System.out} does not reach them.
 *
 * <p>Nothing that is written here can command a terminal: control characters other than line feeds and tabs are shown as
 * escapes, whoever wrote them. Text that must stay one line, or short, goes through {@link PrintableText#line} before.
 */
final class Terminal {

    /** Enough for a reason that lists what there is; a name of ten megabytes is cut. */
    private static final int LONGEST_MESSAGE = 3000;

    /** Set by the launcher, as only a shell can ask: which of "in,out,err" are terminals. */
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

    /** Those of this process. */
    static Terminal ofProcess() {
        return new Terminal(
                new FileInputStream(FileDescriptor.in),
                new FileOutputStream(FileDescriptor.out),
                new FileOutputStream(FileDescriptor.err),
                terminals());
    }

    /** Pipes. */
    static Terminal of(InputStream in, OutputStream out, OutputStream err) {
        return new Terminal(in, out, err, List.of());
    }

    private static List<String> terminals() {
        Optional<String> told = Optional.ofNullable(System.getProperty(TERMINALS));
        return told.map(names -> List.of(names.split(",")))
                .orElseGet(() -> isConsole() ? List.of("in", "out", "err") : List.of());
    }

    @SuppressWarnings("SystemConsoleNull") // It is null in a module graph without a console provider.
    private static boolean isConsole() {
        Console console = System.console();
        return console != null && console.isTerminal();
    }

    /** In files and pipes UTF-8, in terminals what they say; ASCII means that nobody said anything. */
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

    /** What is piped in, as a whole; not to be mixed with {@link #line}. */
    InputStream inBytes() {
        return in;
    }

    /**
     * The next line that the user types, or that is piped in; null after the last.
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

    /** For reports and data; not flushed by itself. */
    PrintWriter out() {
        return out;
    }

    /**
     * For text that a model writes; not flushed by itself. A file or a pipe receives it exactly; on a terminal, control
     * characters are shown, while the marks that scripts and emoji need to join their letters pass.
     */
    PrintWriter text() {
        return text;
    }

    /** For messages; each line is flushed. */
    PrintWriter err() {
        return err;
    }

    /** For help, which this program has written itself, in color. */
    PrintWriter rawOut() {
        return rawOut;
    }

    /** One line that says what is wrong; cleaned, and cut if it is very long. */
    void tell(String message) {
        say("qk256: " + message);
    }

    /** One line of talk; cleaned, and cut if it is very long. */
    void say(String message) {
        err.println(PrintableText.line(message, LONGEST_MESSAGE));
    }

    /** Writes the last line of the terminal anew, or nothing if standard error is no terminal. */
    void progress(String line) {
        if (showsProgress()) {
            rawErr.print("\r\033[K" + PrintableText.line(line));
            rawErr.flush();
        }
    }

    /** Whether somebody sees {@link #progress}. */
    boolean showsProgress() {
        return terminals.contains("err");
    }

    /** Whether somebody types what is read. */
    boolean isTypedIn() {
        return terminals.contains("in");
    }

    /** Writes what is still held, and says why standard output could not take all, unless a reader has closed it. */
    Optional<String> finish() {
        text.flush();
        out.flush();
        err.flush();
        return written.loss();
    }
}
