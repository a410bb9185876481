package io.qk256.app.commands;

import com.google.gson.JsonObject;
import io.qk256.app.bench.BarChart;
import io.qk256.app.bench.Baselines;
import io.qk256.app.bench.BenchResults;
import io.qk256.app.bench.BenchTask;
import io.qk256.app.bench.Kit;
import io.qk256.app.bench.TaskFilter;
import io.qk256.spi.CpuFeature;
import io.qk256.spi.parallel.ParallelKernel;
import io.qk256.spi.selection.Artifact;
import io.qk256.spi.selection.Candidate;
import io.qk256.spi.selection.CpuFeatures.Presence;
import io.qk256.spi.selection.Selection;
import io.qk256.spi.support.OutputFile;
import io.qk256.spi.support.UserError;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** Measures and checks every usable kernel, and shows, saves, compares and draws the results. */
@Command(
        name = "bench",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Measure every usable kernel side by side in one run, next to the floors: the time to fill the output and"
                    + " to read the weights. Each result is also checked.",
            "Progress goes to standard error."
        },
        footer = {
            "",
            "Exit code 1: a result is wrong, or a measurement failed; 4: --compare or --against found a regression."
        })
final class BenchCommand implements Callable<Integer> {

    private static final Kit.Duration NORMAL = new Kit.Duration(2, 8, 5, 80);
    private static final Kit.Duration QUICK = new Kit.Duration(1, 8, 5, 100);

    @ParentCommand
    private @Nullable Qk256Command root;

    @Option(names = "--quick", description = "Fewer tasks and one round: under 45 seconds instead of under 3 minutes.")
    private boolean quick;

    @Option(
            names = "--kernels",
            paramLabel = "NAME",
            split = ",",
            description = "Measure only these kernels (default: all usable ones).")
    private @Nullable List<String> kernels;

    @Option(
            names = "--alternatives",
            description = "Measure instead what the native kernel could do differently on this CPU, with weights out of"
                    + " cache: kinds and distances of prefetch, narrower instruction sets. Some three minutes.")
    private boolean alternatives;

    @ArgGroup(heading = "Tasks: comma-separated lists, or 'all'%n", validate = false)
    private BenchFilterOptions filter = new BenchFilterOptions();

    @ArgGroup(heading = "Measuring%n", validate = false)
    private BenchMeasuringOptions measuring = new BenchMeasuringOptions();

    @ArgGroup(heading = "Results%n", validate = false)
    private BenchResultOptions results = new BenchResultOptions();

    BenchCommand() {}

    @Override
    public Integer call() throws IOException, InterruptedException {
        Qk256Command command = Objects.requireNonNull(root);
        Baselines baselines = results.baselines();
        for (OutputFile file : results.outputs()) {
            file.requireWritable();
        }
        Optional<BenchResults> before =
                results.compare == null ? Optional.empty() : Optional.of(baselines.load(results.compare));
        int code = command.exitCode(true);
        if (code != ExitCode.OK) {
            return code;
        }
        if (alternatives) {
            return measureAlternatives(command);
        }
        Kit.Outcome outcome = measure(command);
        BenchResults now = outcome.results();
        BenchReport.print(now, results.format, command.out());
        if (results.save != null) {
            baselines.save(results.save, now);
            command.say("saved " + baselines.file(results.save));
        }
        if (results.plot != null) {
            OutputFile.of(results.plot).write(BarChart.svg(now));
        }
        List<String> measured = kernels(command.machine().selection());
        boolean forPeople = results.format == BenchReport.Format.TABLE || results.format == BenchReport.Format.MD;
        BenchVerdict verdict =
                new BenchVerdict(forPeople ? command.out() : command.terminal().err(), command.terminal());
        before.ifPresent(kept -> verdict.compareWithKept(Objects.requireNonNull(results.compare), now, kept));
        verdict.check(now, tasks(), measured, "");
        if (outcome.other().isPresent()) {
            String name = measuring.against().orElseThrow();
            verdict.compare(name, now, outcome.other().get());
            verdict.check(outcome.other().get(), tasks(), measured, "with " + name + ", ");
        }
        return verdict.exitCode();
    }

    private int measureAlternatives(Qk256Command command) throws IOException, InterruptedException {
        Machine machine = command.machine();
        requireAlternatives(machine.selection());
        int most = Math.min(Runtime.getRuntime().availableProcessors(), ParallelKernel.MAX_THREADS);
        BenchAlternatives all =
                new BenchAlternatives(IntStream.of(1, most).distinct().boxed().toList());
        all.measure(
                BenchAlternatives.choices(machine.cpu().featuresThatAre(Presence.PRESENT)),
                choice -> kit(machine, all.tasks(), List.of(BenchAlternatives.KERNEL), choice),
                description(machine),
                command.terminal());
        all.print(results.format == BenchReport.Format.JSON, KernelReport.describe(machine.cpu()), command.out());
        return all.isWrong() ? ExitCode.FAILED : ExitCode.OK;
    }

    private void requireAlternatives(Selection selection) {
        if (filter.isGiven()
                || kernels != null
                || measuring.against().isPresent()
                || !results.outputs().isEmpty()
                || results.compare != null
                || results.save != null) {
            throw new UserError(
                    "--alternatives decides what is measured, and its results are not kept; use it with -o json,"
                            + " --rounds, --time and --jvm-option only");
        }
        if (results.format != BenchReport.Format.TABLE && results.format != BenchReport.Format.JSON) {
            throw new UserError("--alternatives prints a table, or one object with -o json; leave out the other -o");
        }
        Usable.named(List.of(BenchAlternatives.KERNEL), selection);
    }

    private Kit.Outcome measure(Qk256Command command) throws IOException, InterruptedException {
        Machine machine = command.machine();
        return kit(machine, tasks(), kernels(machine.selection()), Optional.empty())
                .run(description(machine));
    }

    private static JsonObject description(Machine machine) {
        JsonObject description = new JsonObject();
        description.addProperty("cpu", KernelReport.describe(machine.cpu()));
        description.addProperty("name", machine.cpu().name());
        description.addProperty("logicalCores", machine.cpu().logicalCores());
        description.addProperty("os", System.getProperty("os.name") + " " + System.getProperty("os.version"));
        return description;
    }

    private Kit kit(Machine machine, List<BenchTask> tasks, List<String> measured, Optional<String> option) {
        return new Kit(
                tasks,
                measured,
                machine.cpu().featuresThatAre(Presence.PRESENT).stream()
                        .map(CpuFeature::label)
                        .toList(),
                measuring.duration(quick || alternatives ? QUICK : NORMAL),
                measuring.profilers,
                Stream.concat(measuring.jvmOptions.stream(), option.stream()).toList(),
                machine.selection().candidates().stream()
                        .filter(candidate -> candidate.kernel().isPresent())
                        .map(Candidate::artifact)
                        .filter(Artifact::plugin)
                        .toList(),
                measuring.against());
    }

    private List<BenchTask> tasks() {
        return TaskFilter.tasks(filter.orElse(quick ? BenchFilterOptions.QUICK : BenchFilterOptions.NORMAL));
    }

    private List<String> kernels(Selection selection) {
        List<Candidate> chosen = kernels == null ? Usable.all(selection) : Usable.named(kernels, selection);
        return chosen.stream().map(Candidate::name).toList();
    }
}
