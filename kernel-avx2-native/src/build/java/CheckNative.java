import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Compiles the tier's files together with {@code src/test/native} under the address and undefined-behaviour sanitizers,
 * and runs that. Says so if it cannot. Runs in the module's directory: {@code java src/build/java/CheckNative.java}.
 */
final class CheckNative {

    private static final Path WORK = Path.of("target/native/check");
    private static final List<String> SANITIZED = CCompiler.with(
            CCompiler.COMMON, List.of("-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"));

    /** Leak detection needs ptrace, which containers forbid; nothing here lives longer than the test anyway. */
    private static final Map<String, String> ENVIRONMENT = Map.of("ASAN_OPTIONS", "detect_leaks=0");

    private CheckNative() {}

    public static void main(String[] args) throws IOException {
        CCompiler.step("native check", CheckNative::check);
    }

    private static void check() throws IOException {
        Optional<CCompiler> compiler = CCompiler.isX86() ? CCompiler.find() : Optional.empty();
        if (compiler.isEmpty()) {
            System.out.println("native check: not run, there is no native library");
            return;
        }
        Files.createDirectories(WORK);
        if (!sanitizes(compiler.get())) {
            System.out.println("native check: not run, this compiler cannot link with its sanitizers");
            return;
        }
        Path program = WORK.resolve("kernel-test");
        List<String> link = new ArrayList<>(SANITIZED);
        List<Path> sources = compiler.get().compilable(testedSources());
        for (Path source : sources) {
            Path object = WORK.resolve(source.getFileName().toString().replace(".c", ".o"));
            List<String> arguments = new ArrayList<>(SANITIZED);
            arguments.addAll(CCompiler.tierOptions(source));
            arguments.addAll(CCompiler.definitions(sources));
            arguments.addAll(List.of("-Isrc/main/native", "-c", source.toString(), "-o", object.toString()));
            compiler.get().compile(arguments);
            link.add(object.toString());
        }
        link.addAll(List.of("-o", program.toString(), "-lm"));
        compiler.get().compile(link);
        run(program);
    }

    /** The glue needs a JVM; everything else is tested. */
    private static List<Path> testedSources() {
        List<Path> sources = new ArrayList<>(CCompiler.sources(Path.of("src/test/native")));
        CCompiler.sources(Path.of("src/main/native")).stream()
                .filter(source -> !source.endsWith("jni.c"))
                .forEach(sources::add);
        return sources;
    }

    private static void run(Path program) {
        CCompiler.Outcome outcome = CCompiler.run(
                        List.of(program.toAbsolutePath().toString()), ENVIRONMENT)
                .orElseThrow(() -> new CCompiler.BuildFailure(program + " does not run"));
        if (outcome.exitCode() != 0) {
            throw new CCompiler.BuildFailure("exit code " + outcome.exitCode() + "\n" + outcome.output());
        }
        System.out.print("native check: " + outcome.output());
    }

    private static boolean sanitizes(CCompiler compiler) throws IOException {
        Path source = Files.writeString(WORK.resolve("probe.c"), "int main(void) { return 0; }\n");
        Path program = WORK.resolve("probe");
        return compiler.accepts(CCompiler.with(SANITIZED, List.of(source.toString(), "-o", program.toString())))
                && CCompiler.succeeds(List.of(program.toAbsolutePath().toString()), ENVIRONMENT);
    }
}
