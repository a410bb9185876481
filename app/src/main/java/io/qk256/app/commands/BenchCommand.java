package io.qk256.app.commands;

import com.google.gson.JsonObject;
import io.qk256.app.bench.BarChart;
import io.qk256.app.bench.Baselines;
import io.qk256.app.bench.BenchResults;
import io.qk256.app.bench.BenchRow;
import io.qk256.app.bench.BenchTask;
import io.qk256.app.bench.Change;
import io.qk256.app.bench.Kit;
import io.qk256.app.bench.TaskFilter;
import io.qk256.spi.CpuFeature;
import io.qk256.spi.CpuFeatures.Presence;
import io.qk256.spi.selection.Artifact;
import io.qk256.spi.selection.Candidate;
import io.qk256.spi.selection.KernelSelector;
import io.qk256.spi.selection.Selection;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** Measures and checks every usable kernel, and shows, keeps, compares and draws the results. */
@Command(
        name = "bench",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Measure every usable kernel, side by side in one run, beside the floors: filling the output, reading the"
                    + " weights. Each result is checked as well.",
            "Progress is on standard error."
        },
        footer = {"", "Exit code 1: a result is wrong, or a measurement failed; 4: --compare found a regression."})
final class BenchCommand implements Callable<Integer> {

    private static final Kit.Duration NORMAL = new Kit.Duration(2, 8, 5, 90);
    private static final Kit.Duration QUICK = new Kit.Duration(1, 8, 5, 100);

    @ParentCommand
    private @Nullable Qk256Command root;

    @Option(names = "--quick", description = "Fewer tasks and one round: under 40 seconds instead of under 3 minutes.")
    private boolean quick;

    @Option(
            names = "--kernels",
            paramLabel = "NAME",
            split = ",",
            description = "Only these kernels (default: all that are usable).")
    private @Nullable List<String> kernels;

    @ArgGroup(heading = "Tasks: lists, or 'all'%n", validate = false)
    private BenchFilterOptions filter = new BenchFilterOptions();

    @ArgGroup(heading = "Measuring%n", validate = false)
    private Measuring measuring = new Measuring();

    @ArgGroup(heading = "Results%n", validate = false)
    private Results results = new Results();

    BenchCommand() {}

    static final class Measuring {

        @Option(names = "--rounds", paramLabel = "N", description = "Measure all so often, each time in fresh JVMs.")
        private @Nullable Integer rounds;

        @Option(names = "--time", paramLabel = "MS", description = "Duration of an iteration in milliseconds.")
        private @Nullable Integer time;

        @Option(
                names = "--profile",
                paramLabel = "NAME",
                split = ",",
                description = "Run with these JMH profilers (gc, stack, jfr, perf, perfasm), output on standard error.")
        private List<String> profilers = List.of();

        @Option(
                names = "--jvm-option",
                paramLabel = "OPTION",
                description = "An option of the measuring JVMs, such as -XX:-UseSuperWord; may be repeated.")
        private List<String> jvmOptions = List.of();

        Measuring() {}

        Kit.Duration duration(Kit.Duration usual) {
            return new Kit.Duration(
                    positive("--rounds", rounds, usual.rounds()),
                    usual.warmups(),
                    usual.iterations(),
                    positive("--time", time, usual.milliseconds()));
        }

        private static int positive(String name, @Nullable Integer value, int otherwise) {
            if (value != null && value < 1) {
                throw new IllegalArgumentException(name + ": " + value + ", expected 1 or more");
            }
            return value == null ? otherwise : value;
        }
    }

    static final class Results {

        @Option(
                names = {"-o", "--output"},
                paramLabel = "FORMAT",
                description = "table (default), md, csv or json.")
        private BenchReport.Format format = BenchReport.Format.TABLE;

        @Option(names = "--save", paramLabel = "NAME", description = "Keep the results under this name.")
        private @Nullable String save;

        @Option(
                names = "--compare",
                paramLabel = "NAME",
                description = "Show the change from the results of this name; exit code 4 on a regression.")
        private @Nullable String compare;

        @Option(
                names = "--dir",
                paramLabel = "DIR",
                description = "Where results are kept (default: ${DEFAULT-VALUE}).",
                defaultValue = ".qk256/bench")
        private Path directory = Path.of(".qk256", "bench");

        @Option(names = "--plot", paramLabel = "FILE.svg", description = "Draw the speeds and the floors.")
        private @Nullable Path plot;

        Results() {}
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        Qk256Command command = Objects.requireNonNull(root);
        Baselines baselines = new Baselines(results.directory);
        if (results.save != null) {
            Baselines.requireName(results.save);
        }
        Optional<BenchResults> before =
                results.compare == null ? Optional.empty() : Optional.of(baselines.load(results.compare));
        BenchResults now = measure(command);
        if (results.save != null) {
            command.err().println("saved " + baselines.save(results.save, now));
        }
        if (results.plot != null) {
            Files.writeString(results.plot, BarChart.svg(now));
        }
        BenchReport.print(now, results.format, command.out());
        boolean worse = before.isPresent() && compare(command, now, before.get());
        if (!complete(command, now)) {
            return ExitCode.FAILED;
        }
        return worse ? ExitCode.REGRESSION : ExitCode.OK;
    }

    private BenchResults measure(Qk256Command command) throws IOException, InterruptedException {
        Machine machine = command.machine();
        JsonObject description = new JsonObject();
        description.addProperty("cpu", KernelReport.describe(machine.cpu()));
        description.addProperty("name", machine.cpu().name());
        description.addProperty("logicalCores", machine.cpu().logicalCores());
        description.addProperty("os", System.getProperty("os.name") + " " + System.getProperty("os.version"));
        return new Kit(
                        tasks(),
                        kernels(machine.selection()),
                        machine.cpu().featuresThatAre(Presence.PRESENT).stream()
                                .map(CpuFeature::label)
                                .toList(),
                        measuring.duration(quick ? QUICK : NORMAL),
                        measuring.profilers,
                        measuring.jvmOptions,
                        machine.selection().candidates().stream()
                                .filter(candidate -> candidate.kernel().isPresent())
                                .map(Candidate::artifact)
                                .filter(Artifact::plugin)
                                .toList())
                .run(description);
    }

    private List<BenchTask> tasks() {
        TaskFilter usual = quick ? BenchFilterOptions.QUICK : BenchFilterOptions.NORMAL;
        return filter.orElse(usual).tasks();
    }

    private List<String> kernels(Selection selection) {
        List<String> usable = selection.candidates().stream()
                .filter(candidate -> candidate.kernel().isPresent())
                .map(Candidate::name)
                .toList();
        if (kernels == null) {
            if (usable.isEmpty()) {
                throw new IllegalStateException("no kernel is usable; ./qk256 kernels says why");
            }
            return usable;
        }
        for (String name : kernels) {
            Candidate candidate = selection
                    .candidate(name)
                    .orElseThrow(() ->
                            new IllegalArgumentException(KernelSelector.unknownName(name, selection.candidates())));
            if (!usable.contains(name)) {
                throw new IllegalArgumentException("kernel " + name + " is not usable: " + candidate.why());
            }
        }
        return kernels;
    }

    /** Whether something is worse. */
    private boolean compare(Qk256Command command, BenchResults now, BenchResults before) {
        List<Change> changes = Change.between(now, before);
        boolean forPeople = results.format == BenchReport.Format.TABLE || results.format == BenchReport.Format.MD;
        BenchReport.printChanges(
                Objects.requireNonNull(results.compare), changes, forPeople ? command.out() : command.err());
        if (changes.isEmpty()) {
            command.err().println("qk256: '" + results.compare + "' has none of these tasks; nothing was compared");
        }
        if (!now.machine().equals(before.machine()) || !now.jvm().equals(before.jvm())) {
            command.err()
                    .println("qk256: '" + results.compare + "' was measured elsewhere or otherwise: " + before.machine()
                            + " " + before.jvm());
        }
        return changes.stream().anyMatch(change -> change.verdict() == Change.Verdict.WORSE);
    }

    /** Whether all that was asked for was measured and is right. */
    private boolean complete(Qk256Command command, BenchResults now) {
        boolean complete = true;
        for (BenchTask task : tasks()) {
            for (String kernel : kernels(command.machine().selection())) {
                Optional<BenchRow> row = now.row(task, kernel);
                if (row.isEmpty() || row.get().isWrong()) {
                    String problem = row.map(BenchRow::checked).orElse("the measurement failed; the reason is above");
                    command.err().println("qk256: " + task + ", " + kernel + ": " + problem);
                    complete = false;
                }
            }
        }
        return complete;
    }
}
