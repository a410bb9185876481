package io.qk256.app.commands;

import io.qk256.spi.selection.Candidate;
import io.qk256.spi.selection.Candidate.Step;
import io.qk256.spi.selection.Gate;
import io.qk256.spi.selection.KernelSelector;
import io.qk256.spi.selection.Selection;
import io.qk256.spi.support.UserError;
import java.io.PrintWriter;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** Shows how one candidate fared at each gate. */
@Command(
        name = "explain",
        mixinStandardHelpOptions = true,
        description = "Show how a kernel fared at each gate of the selection, with the values seen.")
final class ExplainCommand implements Callable<Integer> {

    @ParentCommand
    private @Nullable Qk256Command root;

    @Parameters(paramLabel = "NAME", description = "The kernel's name, as 'qk256 kernels' shows it.")
    private String name = "";

    ExplainCommand() {}

    @Override
    public Integer call() {
        Qk256Command command = Objects.requireNonNull(root);
        Selection selection = command.machine().selection();
        Optional<Candidate> candidate = selection.candidate(name);
        if (candidate.isEmpty()) {
            throw new UserError(KernelSelector.unknownName(name, selection.candidates()));
        }
        print(selection, candidate.get(), command.out());
        return command.exitCode(false);
    }

    private static void print(Selection selection, Candidate candidate, PrintWriter out) {
        out.println(candidate.name() + ": " + candidate.state().label() + ", " + candidate.why());
        out.println("declared rank " + candidate.rank().map(String::valueOf).orElse("not told") + ", module "
                + candidate.artifact());
        candidate.artifact().sha256().ifPresent(hash -> out.println("sha256 " + hash));
        candidate.warning().ifPresent(text -> out.println("warning: " + text));
        selection
                .measurement()
                .filter(measurement -> candidate.kernel().isPresent())
                .ifPresent(measurement -> out.println(SpeedReport.line(selection, measurement, candidate)));
        out.println();
        Table table = new Table("gate", "result", "seen");
        for (Gate gate : Gate.values()) {
            Optional<Step> step = candidate.steps().stream()
                    .filter(reached -> reached.gate() == gate)
                    .findFirst();
            table.add(
                    gate.label(),
                    step.map(reached -> reached.passed() ? "passed" : "failed").orElse("not reached"),
                    step.map(Step::detail).orElse(""));
        }
        out.print(table);
        out.flush();
    }
}
