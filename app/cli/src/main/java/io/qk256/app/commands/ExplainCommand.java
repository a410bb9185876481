package io.qk256.app.commands;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.qk256.spi.selection.Candidate;
import io.qk256.spi.selection.Candidate.Step;
import io.qk256.spi.selection.Gate;
import io.qk256.spi.selection.KernelSelector;
import io.qk256.spi.selection.Selection;
import io.qk256.spi.support.PrintableText;
import io.qk256.spi.support.UserError;
import java.io.PrintWriter;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** Shows the result of one candidate at each gate. */
@Command(
        name = "explain",
        mixinStandardHelpOptions = true,
        description = "Show how a kernel fared at each gate of the selection, with the values seen.")
final class ExplainCommand implements Callable<Integer> {

    @ParentCommand
    private @Nullable Qk256Command root;

    @Parameters(paramLabel = "NAME", description = "The kernel's name, as '${ROOT-COMMAND-NAME} kernels' shows it.")
    private String name = "";

    @Option(names = "--json", description = "Print one JSON object instead of a table.")
    private boolean json;

    ExplainCommand() {}

    @Override
    public Integer call() {
        Qk256Command command = Objects.requireNonNull(root);
        command.reportsKernels();
        Selection selection = command.machine().selection();
        Candidate candidate = selection
                .candidate(name)
                .orElseThrow(() -> new UserError(KernelSelector.unknownName(name, selection.candidates())));
        if (json) {
            Json.print(json(selection, candidate), command.out());
        } else {
            print(selection, candidate, command.out());
        }
        return command.exitCode(false);
    }

    private static void print(Selection selection, Candidate candidate, PrintWriter out) {
        out.println(PrintableText.line(candidate.name()) + ": "
                + candidate.state().label() + ", " + PrintableText.line(Remedies.why(candidate)));
        out.println("declared rank " + candidate.rank().map(String::valueOf).orElse("unknown") + ", module "
                + PrintableText.line(candidate.artifact().toString()));
        candidate.artifact().sha256().ifPresent(hash -> out.println("sha256 " + hash));
        candidate.warning().ifPresent(text -> out.println("warning: " + PrintableText.line(text)));
        selection
                .measurement()
                .filter(measurement -> candidate.kernel().isPresent())
                .ifPresent(measurement -> out.println(SpeedReport.line(selection, measurement, candidate)));
        out.println();
        Table table = new Table("gate", "result", "seen");
        for (Gate gate : Gate.values()) {
            Optional<Step> step = step(candidate, gate);
            table.add(gate.label(), result(step), step.map(Step::detail).orElse(""));
        }
        out.print(table);
        out.flush();
    }

    private static Optional<Step> step(Candidate candidate, Gate gate) {
        return candidate.steps().stream()
                .filter(reached -> reached.gate() == gate)
                .findFirst();
    }

    private static String result(Optional<Step> step) {
        return step.map(reached -> reached.passed() ? "passed" : "failed").orElse("not reached");
    }

    private static JsonObject json(Selection selection, Candidate candidate) {
        JsonObject json = KernelReport.kernel(candidate);
        selection.measurement().ifPresent(measurement -> SpeedReport.addTo(json, candidate, measurement));
        JsonArray gates = new JsonArray();
        for (Gate gate : Gate.values()) {
            Optional<Step> step = step(candidate, gate);
            JsonObject one = new JsonObject();
            one.addProperty("gate", gate.label());
            one.addProperty("result", result(step));
            step.ifPresent(reached -> one.addProperty("seen", Json.bounded(reached.detail())));
            gates.add(one);
        }
        json.add("gates", gates);
        return json;
    }
}
