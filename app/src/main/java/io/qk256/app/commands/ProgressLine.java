package io.qk256.app.commands;

import io.qk256.app.files.Repack.Progress;
import java.io.Console;
import java.io.PrintWriter;

/** One line of a terminal that is written over and over. */
final class ProgressLine {

    private ProgressLine() {}

    /** Shows a percentage, if there is a terminal to see it. */
    @SuppressWarnings("SystemConsoleNull") // It is null in a module graph without a console provider.
    static Progress of(String what, PrintWriter err) {
        Console console = System.console();
        if (console == null || !console.isTerminal()) {
            return Progress.NONE;
        }
        return (done, total) -> {
            err.print("\r\033[K" + (done < total ? what + " " + 100 * done / total + " %" : ""));
            err.flush();
        };
    }
}
