import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The C compiler of this machine: {@code -Dqk256.native.cc} or the environment variable {@code CC} if set, otherwise
 * the first of cc, gcc and clang. {@code -Dqk256.native.cc=none} simulates a machine without one.
 *
 * @param command the program and its first arguments
 * @param version its output for {@code --version}
 */
record CCompiler(List<String> command, String version) {

    static final String PROPERTY = "qk256.native.cc";

    /** Makes warnings errors. Only for continuous integration, because other compilers may give other warnings. */
    static final String WERROR = "qk256.native.werror";

    /** Also builds on systems on which the project was never built. */
    static final String UNTRIED = "qk256.native.untried";

    /** Options of every file. Contraction would fuse multiply-adds that the contract requires to be rounded twice. */
    static final List<String> COMMON = with(
            List.of("-std=c11", "-fPIC", "-Wall", "-Wextra", "-ffp-contract=off"),
            Boolean.getBoolean(WERROR) ? List.of("-Werror") : List.of());

    /** What a program printed, and its exit code. */
    record Outcome(int exitCode, String output) {}

    /** The reason why nothing is built here; empty if the library is built. */
    static Optional<String> obstacle() {
        if (!isX86()) {
            return Optional.of("this machine is not x86-64 but " + arch());
        }
        if (!os().equals("linux") && !Boolean.getBoolean(UNTRIED)) {
            return Optional.of("nobody has tried it on " + os() + " (-D" + UNTRIED + "=true does)");
        }
        return find().isPresent() ? Optional.empty() : Optional.of("no C compiler was found (CC, cc, gcc, clang)");
    }

    /** The compilers to test: that of this machine, and the other of gcc and clang if installed. */
    static List<CCompiler> all() {
        List<CCompiler> all = new ArrayList<>();
        find().ifPresent(all::add);
        for (String name : all.isEmpty() ? List.<String>of() : List.of("gcc", "clang")) {
            at(name).filter(other ->
                            all.stream().noneMatch(known -> known.name().equals(other.name())))
                    .ifPresent(all::add);
        }
        return all;
    }

    /** {@code gcc} or {@code clang}, by its output: on some systems one has the command name of the other. */
    String name() {
        return version.contains("clang") ? "clang" : "gcc";
    }

    static Optional<CCompiler> find() {
        String asked = System.getProperty(PROPERTY, "").strip();
        if (asked.equals("none")) {
            return Optional.empty();
        }
        if (asked.isEmpty()) {
            asked = Optional.ofNullable(System.getenv("CC")).orElse("").strip();
        }
        if (!asked.isEmpty()) {
            String named = asked;
            return Optional.of(at(named)
                    .orElseThrow(() -> new BuildFailure("the C compiler '" + named + "' (from -D" + PROPERTY
                            + " or CC) does not run; correct it, or set -D" + PROPERTY + "=none to build without")));
        }
        return List.of("cc", "gcc", "clang").stream()
                .map(CCompiler::at)
                .flatMap(Optional::stream)
                .findFirst();
    }

    static Optional<CCompiler> at(String commandLine) {
        List<String> command = List.of(commandLine.split("\\s+"));
        return run(with(command, List.of("--version")), Map.of())
                .filter(outcome -> outcome.exitCode() == 0)
                .map(outcome -> new CCompiler(command, outcome.output()));
    }

    /** The files that this compiler can compile: older ones do not know some tiers' instructions or their names. */
    List<Path> compilable(List<Path> sources) throws IOException {
        List<Tier> leftOut = new ArrayList<>();
        for (Tier tier : Tier.values()) {
            Optional<String> complaint = complaint(tier);
            if (complaint.isPresent()) {
                leftOut.add(tier);
                System.out.println(
                        String.join(" ", command) + " leaves out the tier " + tier.suffix + ": " + complaint.get());
            }
        }
        return sources.stream()
                .filter(source -> !leftOut.contains(Tier.of(source)))
                .toList();
    }

    /** The compiler's error if it does not know the instructions of a tier or their names. */
    private Optional<String> complaint(Tier tier) throws IOException {
        if (tier.probe.isEmpty()) {
            return Optional.empty();
        }
        Path file = Files.createTempFile("qk256", ".c");
        try {
            Files.writeString(file, "#include <immintrin.h>\n" + tier.probe + "\n");
            List<String> line = with(with(command, COMMON), tier.options);
            Outcome outcome = run(with(line, List.of("-S", "-o", "-", file.toString())), Map.of())
                    .orElseThrow(() -> new BuildFailure(command + " does not run"));
            return outcome.exitCode() == 0
                    ? Optional.empty()
                    : outcome.output()
                            .lines()
                            .filter(text -> text.contains("error"))
                            .findFirst()
                            .or(() -> Optional.of("exit code " + outcome.exitCode()));
        } finally {
            Files.delete(file);
        }
    }

    /** Macros that tell the sources which tiers are missing. */
    static List<String> definitions(List<Path> compilable) {
        return Arrays.stream(Tier.values())
                .filter(tier -> compilable.stream().noneMatch(source -> Tier.of(source) == tier))
                .map(tier -> "-DWITHOUT_" + tier.suffix.toUpperCase(Locale.ROOT))
                .toList();
    }

    /** Compiles or links. If that fails, ends the build with the compiler's output. */
    void compile(List<String> arguments) {
        List<String> line = with(command, arguments);
        Outcome outcome = run(line, Map.of()).orElseThrow(() -> new BuildFailure(command + " does not run"));
        if (outcome.exitCode() != 0) {
            throw new BuildFailure(String.join(" ", line) + "\n" + outcome.output());
        }
    }

    /** Whether a compilation succeeds. */
    boolean accepts(List<String> arguments) {
        return succeeds(with(command, arguments), Map.of());
    }

    /** Whether the program exists and exits with 0. */
    static boolean succeeds(List<String> command, Map<String, String> environment) {
        return run(command, environment)
                .filter(outcome -> outcome.exitCode() == 0)
                .isPresent();
    }

    /** Runs a program until it exits; empty if there is no such program. */
    static Optional<Outcome> run(List<String> command, Map<String, String> environment) {
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().putAll(environment);
        try {
            Process process = builder.start();
            process.getOutputStream().close();
            String output = new String(process.getInputStream().readAllBytes());
            return Optional.of(new Outcome(process.waitFor(), output));
        } catch (IOException e) {
            return Optional.empty();
        } catch (InterruptedException e) {
            throw new BuildFailure("interrupted while running " + command);
        }
    }

    static List<String> with(List<String> some, List<String> more) {
        return Stream.concat(some.stream(), more.stream()).toList();
    }

    /** The C files of a directory, in a fixed order. */
    static List<Path> sources(Path directory) {
        try (var files = Files.list(directory)) {
            return files.filter(file -> file.toString().endsWith(".c")).sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Whether this JVM, and therefore the compiler, runs on x86-64. */
    static boolean isX86() {
        return arch().equals("x86_64");
    }

    /** As {@code io.qk256.avx2.jni.Platform} names it. */
    static String arch() {
        String arch = System.getProperty("os.arch").toLowerCase(Locale.ROOT);
        return arch.equals("amd64") ? "x86_64" : arch;
    }

    /** As {@code io.qk256.avx2.jni.Platform} names it. */
    static String os() {
        String os = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        return os.startsWith("mac") ? "macos" : os.startsWith("windows") ? "windows" : os.replace(' ', '-');
    }

    /** Ends the build; only the message is shown. */
    static final class BuildFailure extends RuntimeException {

        private static final long serialVersionUID = 1;

        BuildFailure(String message) {
            super(message);
        }
    }

    /** Runs a build step and turns its failure into an exit code. */
    static void step(String name, Step step) throws IOException {
        try {
            step.run();
        } catch (BuildFailure e) {
            System.err.println(name + ": " + e.getMessage());
            System.exit(1);
        }
    }

    /** A step of the build. */
    interface Step {
        void run() throws IOException;
    }
}
