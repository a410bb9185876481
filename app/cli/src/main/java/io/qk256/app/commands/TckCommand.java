package io.qk256.app.commands;

import io.qk256.app.bench.Kit;
import io.qk256.app.certificates.Certificates;
import io.qk256.spi.selection.Artifact;
import io.qk256.spi.selection.Candidate;
import io.qk256.spi.support.UserError;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** Runs the compatibility kit on a kernel, in separate JVMs, and passes on its report and exit code. */
@Command(
        name = "tck",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Test a kernel against the contract, all rules of SPEC.md; a crash is a failed rule.",
        footer = {
            "",
            "Exit codes: 0 every MUST rule passed; 1 a rule failed or did not run; 2 wrong usage; 3 this machine"
                    + " cannot run the kernel."
        })
final class TckCommand implements Callable<Integer> {

    @ParentCommand
    private @Nullable Qk256Command root;

    @Option(names = "--provider", paramLabel = "NAME", required = true, description = "The kernel's name.")
    private String provider = "";

    @Option(
            names = "--module-path",
            paramLabel = "PATH",
            description = "Look for the kernel on this module path too, instead of in the plugins.")
    private @Nullable String modulePath;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FORMAT",
            description = "Output format: table (default), json, xml (JUnit) or md.")
    private String format = "table";

    @Option(
            names = "--save",
            paramLabel = "FILE",
            description = "Also write the report to a .json, .xml or .md file; may be repeated.")
    private List<Path> save = List.of();

    @Option(
            names = "--certify",
            paramLabel = "DIR",
            arity = "0..1",
            fallbackValue = Certificates.DIRECTORY,
            description =
                    "If the kernel passes, write the certificate DIR/NAME.certificate.json (default: ${FALLBACK-VALUE}).")
    private @Nullable Path certify;

    @Option(names = "--rule", paramLabel = "N", description = "Run only this rule; may be repeated.")
    private List<Integer> rules = List.of();

    @Option(names = "--seed", paramLabel = "N", description = "Seed of the first random case (default: a new one).")
    private @Nullable Long seed;

    @Option(names = "--random", paramLabel = "N", description = "Number of random cases (default: 200).")
    private @Nullable Integer random;

    @Option(
            names = "--time-limit",
            paramLabel = "SECONDS",
            description = "A test that takes longer counts as hanging (default: 20).")
    private @Nullable Integer timeLimit;

    @Option(
            names = "--jvm-option",
            paramLabel = "OPTION",
            description =
                    "An option for the JVM that the kernel runs in, such as -Dqk256.native.tier=avx2; may be repeated.")
    private List<String> jvmOptions = List.of();

    TckCommand() {}

    @Override
    public Integer call() throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command()).inheritIO().start();
        try {
            return process.waitFor();
        } finally {
            process.destroy();
        }
    }

    private List<String> command() throws IOException {
        Path modules = Kit.modules();
        List<String> java = new ArrayList<>();
        java.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        // This JVM only starts others and waits for them.
        java.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"));
        System.getProperties().stringPropertyNames().stream()
                .filter(name -> name.startsWith("qk256."))
                .forEach(name -> java.add("-D" + name + "=" + System.getProperty(name)));
        Qk256Command command = Objects.requireNonNull(root);
        java.add("-Dqk256.tck.command=" + Launcher.name() + " tck"
                + command.plugins().commandLine());
        java.add("-Dqk256.tck.cpu=" + KernelReport.describe(command.machine().cpu()));
        java.add("--module-path=" + System.getProperty("jdk.module.path") + File.pathSeparator + modules);
        java.add("--module=io.qk256.tck/io.qk256.tck.runner.TckMain");
        java.addAll(List.of("--provider", provider, "-o", format));
        if (modulePath == null) {
            java.addAll(plugin(command));
        } else if (command.plugins().isGiven()) {
            throw new UserError(
                    "--module-path says where the kernel is, but --plugins or --allow-native names another place;"
                            + " use only one of them");
        }
        add(java, "--module-path", modulePath);
        save.forEach(file -> add(java, "--save", file));
        add(java, "--certify", certify);
        rules.forEach(rule -> add(java, "--rule", rule));
        add(java, "--seed", seed);
        add(java, "--random", random);
        add(java, "--time-limit", timeLimit);
        jvmOptions.forEach(option -> add(java, "--jvm-option", option));
        return java;
    }

    /**
     * Options that say where the kernel is, if it is in a plugin, and what the plugin may do. A plugin that never gave its name
     * is not among the candidates; the kit then searches the plugin directory.
     */
    private List<String> plugin(Qk256Command command) {
        Optional<Candidate> candidate = command.machine().selection().candidate(provider);
        if (candidate.isEmpty()) {
            return command.plugins()
                    .directory()
                    .map(directory -> List.of("--plugins", directory.toString()))
                    .orElse(List.of());
        }
        Artifact artifact = candidate.get().artifact();
        if (!artifact.plugin()) {
            return List.of();
        }
        if (candidate.get().state() == Candidate.State.REJECTED) {
            command.tell(provider + " is rejected, " + Remedies.why(candidate.get()));
        }
        List<String> options = new ArrayList<>(List.of("--plugin", artifact.origin()));
        if (!artifact.nativeAccess()) {
            options.add("--no-native");
        }
        return options;
    }

    private static void add(List<String> command, String option, @Nullable Object value) {
        if (value != null) {
            command.add(option);
            command.add(value.toString());
        }
    }
}
