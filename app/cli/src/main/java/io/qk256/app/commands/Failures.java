package io.qk256.app.commands;

import io.qk256.llm.model.NotFiniteException;
import io.qk256.spi.support.ClosedPipeException;
import io.qk256.spi.support.FileProblem;
import io.qk256.spi.support.PrintableText;
import io.qk256.spi.support.UserError;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.util.List;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * Turns an exception into a line on standard error and an exit code. A {@link UserError} is the user's mistake (2), an
 * {@link IOException} a problem of a file or the system (1); anything else is a bug in this program (1), and is reported as such.
 */
final class Failures {

    private static final int MOST_LINES = 1000;
    private static final int LONGEST_LINE = 1000;
    private static final int MOST_CAUSES = 5;

    private final Terminal terminal;
    private final BooleanSupplier verbose;

    Failures(Terminal terminal, BooleanSupplier verbose) {
        this.terminal = terminal;
        this.verbose = verbose;
    }

    /** Reports options that could not be parsed. */
    int misused(ParameterException wrong) {
        CommandLine command = wrong.getCommandLine();
        StringBuilder line =
                new StringBuilder(String.valueOf(wrong.getMessage()).replaceFirst("[.]$", ""));
        if (wrong instanceof UnmatchedArgumentException unmatched) {
            List<String> similar = unmatched.getSuggestions();
            if (!similar.isEmpty()) {
                line.append("; did you mean ")
                        .append(String.join(" or ", similar))
                        .append('?');
            }
        }
        terminal.tell(line + "; see '" + command.getCommandSpec().qualifiedName() + " --help'");
        return ExitCode.USAGE;
    }

    /** Reports a command that failed. */
    int failed(Throwable thrown) {
        if (verbose.getAsBoolean() && !(thrown instanceof UserError)) {
            print(thrown);
        }
        switch (thrown) {
            case UserError mistake -> {
                terminal.tell(mistake.getMessage());
                return ExitCode.USAGE;
            }
            case ClosedPipeException e -> {
                return ExitCode.OK;
            }
            case IOException e -> terminal.tell(describe(e));
            case UncheckedIOException e -> terminal.tell(describe(Objects.requireNonNull(e.getCause())));
            case NotFiniteException e -> terminal.tell(String.valueOf(e.getMessage()));
            case InternalError e -> // The JVM throws it when a mapped file has been truncated.
                terminal.tell("a file was truncated, or its disk failed, while it was being read (" + e.getMessage()
                        + "); do not write to a model that is in use");
            case OutOfMemoryError e ->
                terminal.tell("out of memory or threads: " + e.getMessage()
                        + "; use fewer threads or a smaller context, or give the JVM more memory"
                        + " (JAVA_TOOL_OPTIONS=-Xmx8g)");
            default -> {
                if (!isOfAnEnd(thrown)) {
                    terminal.tell(describe(thrown));
                }
            }
        }
        return ExitCode.FAILED;
    }

    /** Whether the JVM refused a shutdown hook because a signal ends it already: nothing has failed. */
    private static boolean isOfAnEnd(Throwable thrown) {
        Throwable cause = thrown;
        for (int i = 0; i < MOST_CAUSES && cause != null; i++) {
            if (String.valueOf(cause.getMessage()).contains("Shutdown in progress")) {
                return true;
            }
            cause = cause.getCause();
        }
        return false;
    }

    /** Anything else is a bug, but for a thread that the system refused to start. */
    private String describe(Throwable thrown) {
        return thrown instanceof IllegalStateException && thrown.getCause() instanceof OutOfMemoryError
                ? String.valueOf(thrown.getMessage())
                : thrown + (verbose.getAsBoolean() ? "" : " (-v shows where)");
    }

    /** The message of an exception; if that is only a file name, the class tells the reason. */
    private static String describe(IOException e) {
        if (e instanceof FileSystemException file) {
            return file.getFile() + ": " + FileProblem.reason(file);
        }
        return e.getMessage() == null ? e.toString() : e.getMessage();
    }

    /** Prints a stack trace, with whatever a terminal would obey escaped. */
    void print(Throwable thrown) {
        StringWriter trace = new StringWriter();
        thrown.printStackTrace(new PrintWriter(trace, true));
        trace.toString()
                .lines()
                .limit(MOST_LINES)
                .forEach(line -> terminal.err().println(PrintableText.block(line, LONGEST_LINE)));
    }
}
