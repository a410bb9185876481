package io.qk256.app.commands;

import io.qk256.app.bench.BenchResults;
import io.qk256.app.bench.BenchRow;
import io.qk256.app.bench.BenchTask;
import io.qk256.app.bench.Change;
import java.io.PrintWriter;
import java.util.List;
import java.util.Optional;

/** Judges benchmark results: reports what is wrong or worse, and gives the exit code. */
final class BenchVerdict {

    private final PrintWriter changes;
    private final Terminal terminal;
    private boolean complete = true;
    private boolean worse;

    /**
     * Creates a verdict without results.
     *
     * @param changes receives the tables of changes
     * @param terminal receives the problems
     */
    BenchVerdict(PrintWriter changes, Terminal terminal) {
        this.changes = changes;
        this.terminal = terminal;
    }

    /** Checks that every requested result is present and right. {@code where} starts the message of a problem. */
    void check(BenchResults results, List<BenchTask> tasks, List<String> kernels, String where) {
        for (BenchTask task : tasks) {
            for (String kernel : kernels) {
                Optional<BenchRow> row = results.row(task, kernel);
                if (row.isEmpty() || row.get().isWrong()) {
                    String problem = row.map(BenchRow::checked).orElse("the measurement failed; the reason is above");
                    terminal.tell(where + task + ", " + kernel + ": " + problem);
                    complete = false;
                }
            }
        }
    }

    /** Compares with saved results, perhaps from another machine or JVM, or with other settings. */
    void compareWithKept(String name, BenchResults now, BenchResults before) {
        if (!now.machine().equals(before.machine()) || !now.jvm().equals(before.jvm())) {
            terminal.tell("'" + name + "' was measured on another machine, or with another JVM or settings: "
                    + before.machine() + " " + before.jvm());
        }
        compare(name, now, before);
    }

    /** Checks whether anything is slower than before, beyond noise. */
    void compare(String name, BenchResults now, BenchResults before) {
        List<Change> found = Change.between(now, before);
        BenchReport.printChanges(name, found, changes);
        if (found.isEmpty()) {
            terminal.tell("'" + name + "' has none of these tasks; nothing was compared");
        }
        worse |= found.stream().anyMatch(change -> change.verdict() == Change.Verdict.WORSE);
    }

    /** A wrong or missing result takes precedence over a slow one. */
    int exitCode() {
        if (!complete) {
            return ExitCode.FAILED;
        }
        return worse ? ExitCode.REGRESSION : ExitCode.OK;
    }
}
