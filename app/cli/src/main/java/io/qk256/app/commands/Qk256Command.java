package io.qk256.app.commands;

import io.qk256.app.cpu.Cpu;
import io.qk256.spi.selection.Candidate;
import io.qk256.spi.selection.Selection;
import io.qk256.spi.selection.SelectionOptions;
import io.qk256.spi.support.UserError;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.RunLast;
import picocli.CommandLine.ScopeType;

/** The root command: shows the machine and its kernels, and checks the selected one on the embedded weights. */
@Command(
        name = "qk256",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = {
            "2-bit weight kernels on the JVM, as plugins.",
            "Without a command: shows the kernels of this machine, selects one, and checks it on real weights.",
            ""
        },
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:success",
            "1:a check found a wrong value, a file could not be read, written or downloaded, or no kernel is usable",
            "2:wrong usage: an option, or the name of a kernel, a file or a model",
            "3:the kernel named by --kernel or --require was not selected, or tck found that this machine cannot run"
                    + " it",
            "4:bench --compare or --against found a regression",
            "130:Ctrl-C",
            "143:the signal TERM"
        })
public final class Qk256Command implements Callable<Integer> {

    /** The commands by their names, in the order of the help. */
    private static final Map<String, Class<?>> COMMANDS = new LinkedHashMap<>();

    static {
        COMMANDS.put("run", RunCommand.class);
        COMMANDS.put("serve", ServeCommand.class);
        COMMANDS.put("embed", EmbedCommand.class);
        COMMANDS.put("perplexity", PerplexityCommand.class);
        COMMANDS.put("bench-model", BenchModelCommand.class);
        COMMANDS.put("bench-serve", BenchServeCommand.class);
        COMMANDS.put("kernels", KernelsCommand.class);
        COMMANDS.put("explain", ExplainCommand.class);
        COMMANDS.put("check", CheckCommand.class);
        COMMANDS.put("bench", BenchCommand.class);
        COMMANDS.put("tck", TckCommand.class);
        COMMANDS.put("inspect", InspectCommand.class);
        COMMANDS.put("dequantize", DequantizeCommand.class);
        COMMANDS.put("convert", ConvertCommand.class);
        COMMANDS.put("pull", PullCommand.class);
        COMMANDS.put("help", HelpCommand.class);
        COMMANDS.put("version", VersionCommand.class);
    }

    @Option(
            names = "--kernel",
            paramLabel = "NAME",
            scope = ScopeType.INHERIT,
            description = "Use this kernel regardless of its rank. Exit code 3 if it is not usable.")
    private @Nullable String kernel;

    @Option(
            names = "--require",
            paramLabel = "NAME",
            scope = ScopeType.INHERIT,
            description = "Exit with code 3 if any other kernel is selected.")
    private @Nullable String require;

    @Option(
            names = "--calibrate",
            scope = ScopeType.INHERIT,
            description = "Rank the kernels for each operation by measured speed (takes 1 to 2 s, then remembered)"
                    + " instead of by declared rank.")
    private boolean calibrate;

    @Option(
            names = "--cpu-features",
            paramLabel = "FEATURE",
            split = ",",
            scope = ScopeType.INHERIT,
            description = "Pretend that the CPU has only these features (comma-separated; 'none' for no features).")
    private @Nullable List<String> cpuFeatures;

    @Mixin
    private PluginOptions plugins = new PluginOptions();

    @Option(
            names = {"-v", "--verbose"},
            scope = ScopeType.INHERIT,
            description = "Show the stack traces of errors and of rejected kernels.")
    private boolean verbose;

    /** The CPU, if its detection has begun. */
    private @Nullable Background<Cpu> cpu;

    private boolean oneKernel;
    private boolean reportsKernels;
    private @Nullable Machine machine;

    private final Terminal terminal;
    private final Failures failures;

    private Qk256Command(Terminal terminal) {
        this.terminal = terminal;
        this.failures = new Failures(terminal, () -> verbose);
    }

    /** Runs a command line with the streams of this process and returns its exit code. */
    public static int run(String... args) {
        return run(Terminal.ofProcess(), args);
    }

    static int run(Terminal terminal, String... args) {
        Qk256Command root = new Qk256Command(terminal);
        int code;
        try {
            Arguments.requireText(args);
            root.detectWhileParsing(args);
            code = root.commandLine(args).execute(args);
        } catch (UserError mistake) {
            code = root.failures.failed(mistake);
        }
        Optional<String> lost = terminal.finish();
        if (lost.isPresent()) {
            terminal.tell("standard output: " + lost.get() + "; the output is incomplete");
            return ExitCode.FAILED;
        }
        return code;
    }

    /** Begins to detect the CPU, which takes as long as parsing, for a command whose start matters. */
    private void detectWhileParsing(String... typed) {
        if (typed.length > 0 && typed[0].equals("run")) {
            cpu = Background.start("qk256-cpu", Cpu::detect);
        }
    }

    /**
     * Returns the parser of these arguments. If they begin with the name of a command, it knows no other: reading the
     * annotations of all of them takes a fifth of a second.
     */
    private CommandLine commandLine(String... typed) {
        CommandLine line = new CommandLine(this);
        if (typed.length > 0 && COMMANDS.containsKey(typed[0]) && !typed[0].equals("help")) {
            line.addSubcommand(typed[0], COMMANDS.get(typed[0]));
        } else {
            COMMANDS.forEach(line::addSubcommand);
        }
        line.setCommandName(Launcher.name())
                .setOut(terminal.rawOut())
                .setErr(terminal.err())
                .setExpandAtFiles(false) // A prompt may begin with @.
                .setCaseInsensitiveEnumValuesAllowed(true)
                .registerConverter(Path.class, FileNames::path)
                .registerConverter(ModelFile.class, ModelFile::of)
                .setParameterExceptionHandler((wrong, args) -> failures.misused(wrong))
                .setExecutionExceptionHandler((thrown, command, parsed) -> failures.failed(thrown))
                .setExecutionStrategy(this::execute);
        SharedOptions.removeUnused(line);
        Arguments.columns().ifPresent(line::setUsageHelpWidth);
        return line;
    }

    private int execute(ParseResult parsed) {
        SharedOptions.requireHonored(parsed);
        try {
            return new RunLast().execute(parsed);
        } catch (Error e) { // Most often out of memory; picocli would print a stack trace.
            return failures.failed(e);
        }
    }

    @Override
    public Integer call() throws Exception {
        reportsKernels();
        KernelReport.print(machine(), out());
        int code = exitCode(true);
        return code == ExitCode.OK ? CheckCommand.check(this) : code;
    }

    /**
     * For a command that uses the selected kernel and reports nothing about the others, which then need not be opened. If
     * kernels are to be measured, that is done now, before a model is loaded on all processors.
     */
    void wantOneKernel() {
        oneKernel = true;
        if (calibrate) {
            machine();
        }
    }

    /** For a command whose report shows the state of each kernel. */
    void reportsKernels() {
        reportsKernels = true;
    }

    /** The machine and the selection that the options ask for; computed once. */
    Machine machine() {
        if (machine == null) {
            if (calibrate && kernel != null) {
                throw new UserError("--calibrate ranks the kernels, but --kernel " + kernel
                        + " ignores ranks; use only one of them");
            }
            machine = Machine.detect(
                    cpu(),
                    Optional.ofNullable(cpuFeatures),
                    plugins,
                    new SelectionOptions(Optional.ofNullable(kernel), Optional.ofNullable(require)),
                    oneKernel,
                    calibrate);
        }
        return machine;
    }

    private Cpu cpu() {
        try {
            return cpu == null ? Cpu.detect() : cpu.get();
        } catch (IOException e) { // An interrupt.
            throw new UncheckedIOException(e);
        }
    }

    /** The kernel forced by the user, if any. */
    Optional<String> forced() {
        return Optional.ofNullable(kernel);
    }

    PluginOptions plugins() {
        return plugins;
    }

    /** Reports what is wrong with the selection, and returns the exit code. */
    int exitCode(boolean kernelNeeded) {
        Selection selection = machine().selection();
        if (verbose) {
            selection.candidates().forEach(this::printFailure);
            plugins.cacheProblem().ifPresent(this::tell);
        }
        if (reportsKernels) { // The report shows why a plugin is not used.
            selection.doubt().ifPresent(this::tell);
        } else {
            selection.warnings(Remedies::why).forEach(this::tell);
        }
        if (selection.problem().isEmpty()) {
            return ExitCode.OK;
        }
        boolean wished = !wishes().isEmpty();
        if (!wished && !kernelNeeded) {
            return ExitCode.OK;
        }
        tell(selection.problem().get()
                + wishes().stream()
                        .flatMap(name -> selection.candidate(name).stream())
                        .map(Remedies::afterReason)
                        .collect(Collectors.joining()));
        if (!wished) {
            return ExitCode.FAILED;
        }
        boolean known =
                wishes().stream().allMatch(name -> selection.candidate(name).isPresent());
        return known ? ExitCode.OTHER_KERNEL : ExitCode.USAGE;
    }

    /** The kernels forced or required by the user. */
    private List<String> wishes() {
        return Stream.of(Optional.ofNullable(kernel), Optional.ofNullable(require))
                .flatMap(Optional::stream)
                .distinct()
                .toList();
    }

    Terminal terminal() {
        return terminal;
    }

    PrintWriter out() {
        return terminal.out();
    }

    /** Prints one line on standard error. */
    void say(String message) {
        terminal.say(message);
    }

    /** Reports a problem on standard error. */
    void tell(String message) {
        terminal.tell(message);
    }

    private void printFailure(Candidate candidate) {
        candidate.trace().ifPresent(trace -> terminal.err().println(candidate.name() + ":\n" + trace));
    }
}
