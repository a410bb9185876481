package io.qk256.app.commands;

import io.qk256.spi.selection.Candidate;
import io.qk256.spi.selection.Selection;
import io.qk256.spi.selection.Wishes;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** The root command: shows the machine and its kernels, and proves the selected one on the shipped weights. */
@Command(
        name = "qk256",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = {
            "2-bit weight kernels on the JVM, as plugins.",
            "Without a command: shows the kernels of this machine, selects one, and proves it on real weights.",
            ""
        },
        footer = {
            "",
            "Exit codes:",
            "  0  all is well",
            "  1  a check found a wrong value, a file could not be read, or no kernel is usable",
            "  2  wrong usage: an option, a kernel's name, a file's name",
            "  3  the kernel named with --kernel or --require is not the selected one",
            "  4  bench --compare found a regression"
        },
        subcommands = {
            RunCommand.class,
            PerplexityCommand.class,
            BenchModelCommand.class,
            KernelsCommand.class,
            ExplainCommand.class,
            CheckCommand.class,
            BenchCommand.class,
            TckCommand.class,
            InspectCommand.class,
            DequantizeCommand.class,
            ConvertCommand.class
        })
public final class Qk256Command implements Callable<Integer> {

    @Spec
    private @Nullable CommandSpec spec;

    @Option(
            names = "--kernel",
            paramLabel = "NAME",
            scope = ScopeType.INHERIT,
            description = "Use this kernel, whatever its rank. Exit code 3 if it is not usable.")
    private @Nullable String kernel;

    @Option(
            names = "--require",
            paramLabel = "NAME",
            scope = ScopeType.INHERIT,
            description = "Exit with code 3 if another kernel than this is selected.")
    private @Nullable String require;

    @Option(
            names = "--calibrate",
            scope = ScopeType.INHERIT,
            description = "Rank the kernels by measuring them, operation by operation (1 to 2 s; then remembered),"
                    + " instead of by their declared ranks.")
    private boolean calibrate;

    @Option(
            names = "--cpu-features",
            paramLabel = "FEATURE",
            split = ",",
            scope = ScopeType.INHERIT,
            description = "Pretend a CPU that has only these features (comma separated; 'none' for a CPU without any).")
    private @Nullable List<String> cpuFeatures;

    @Mixin
    private PluginOptions plugins = new PluginOptions();

    @Option(
            names = {"-v", "--verbose"},
            scope = ScopeType.INHERIT,
            description = "Show the stack traces behind the reasons.")
    private boolean verbose;

    private boolean oneKernel;
    private @Nullable Machine machine;

    private Qk256Command() {}

    /** Runs a command line and returns its exit code. */
    public static int run(String... args) {
        Qk256Command root = new Qk256Command();
        return new CommandLine(root)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setExecutionExceptionHandler((thrown, command, parsed) -> root.failed(thrown, command))
                .execute(args);
    }

    @Override
    public Integer call() throws Exception {
        KernelReport.print(machine(), out());
        int code = exitCode(true);
        return code == ExitCode.OK ? CheckCommand.check(this) : code;
    }

    /** For a command that works with the selected kernel and reports nothing about the others: these need not be opened. */
    void wantOneKernel() {
        oneKernel = true;
    }

    /** The machine and the selection that the options ask for; made once. */
    Machine machine() {
        if (machine == null) {
            if (calibrate && kernel != null) {
                throw new IllegalArgumentException("--calibrate ranks the kernels, and --kernel " + kernel
                        + " takes one whatever its rank; ask for one of them only");
            }
            machine = Machine.detect(
                    Optional.ofNullable(cpuFeatures),
                    plugins,
                    new Wishes(Optional.ofNullable(kernel), Optional.ofNullable(require)),
                    oneKernel,
                    calibrate);
        }
        return machine;
    }

    PluginOptions plugins() {
        return plugins;
    }

    /** The exit code of a selection, after telling what is wrong with it. */
    int exitCode(boolean kernelNeeded) {
        Selection selection = machine().selection();
        if (verbose) {
            selection.candidates().forEach(this::printFailure);
            plugins.cacheProblem().ifPresent(problem -> err().println("qk256: " + problem));
        }
        if (selection.problem().isEmpty()) {
            return ExitCode.OK;
        }
        boolean wished = kernel != null || require != null;
        if (!wished && !kernelNeeded) {
            return ExitCode.OK;
        }
        err().println("qk256: " + selection.problem().get());
        if (!wished) {
            return ExitCode.FAILED;
        }
        boolean known = Stream.of(Optional.ofNullable(kernel), Optional.ofNullable(require))
                .flatMap(Optional::stream)
                .allMatch(name -> selection.candidate(name).isPresent());
        return known ? ExitCode.OTHER_KERNEL : ExitCode.USAGE;
    }

    PrintWriter out() {
        return commandLine().getOut();
    }

    PrintWriter err() {
        return commandLine().getErr();
    }

    private CommandLine commandLine() {
        return Objects.requireNonNull(spec).commandLine();
    }

    private void printFailure(Candidate candidate) {
        candidate.failure().ifPresent(failure -> {
            err().println(candidate.name() + ":");
            failure.printStackTrace(err());
        });
    }

    private int failed(Exception thrown, CommandLine command) {
        if (thrown instanceof ParameterException wrongUse) {
            command.getErr().println("qk256: " + wrongUse.getMessage());
            return ExitCode.USAGE;
        }
        if (verbose) {
            thrown.printStackTrace(command.getErr());
        }
        boolean expected = thrown instanceof IOException || thrown instanceof IllegalArgumentException;
        String message = expected && thrown.getMessage() != null ? thrown.getMessage() : thrown.toString();
        command.getErr().println("qk256: " + message + (expected || verbose ? "" : " (-v shows where)"));
        return thrown instanceof IllegalArgumentException ? ExitCode.USAGE : ExitCode.FAILED;
    }
}
