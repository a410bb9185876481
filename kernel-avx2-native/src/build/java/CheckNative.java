import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Checks the native code. Compiles everything but the JNI glue together with {@code src/test/native}, under the address
 * and undefined-behavior sanitizers, and runs it: by default with the first of gcc and clang that is installed, few
 * shapes, and the tiers that this CPU has. With {@code qk256.tests=long}, with the last of them, all shapes and all
 * tiers. Also builds the library with the other compiler, under {@code target/native/check}, for other modules to test,
 * and in the longer forms with each. With {@code all}, every compiler sanitizes. Reports what it cannot run. Runs in the module's directory: {@code java src/build/java/CheckNative.java}.
 */
final class CheckNative {

    private static final Path WORK = Path.of("target/native/check");
    private static final Path CPU = Path.of("/proc/cpuinfo");
    private static final Path DISASSEMBLED = Path.of("src/test/native/disassembly.txt");
    private static final List<String> SANITIZED = CCompiler.with(
            CCompiler.COMMON, List.of("-g1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"));

    /** Optimized as the others are, these take clang most of a minute; the tests hardly notice. */
    private static final String LARGE = "grouped_i8_";

    /** Leak detection needs ptrace, which containers forbid; nothing here outlives the test anyway. */
    private static final Map<String, String> ENVIRONMENT = Map.of("ASAN_OPTIONS", "detect_leaks=0");

    private CheckNative() {}

    public static void main(String[] args) throws IOException {
        CCompiler.step("native check", CheckNative::check);
    }

    private static void check() throws IOException {
        checkGate();
        Optional<String> obstacle = CCompiler.obstacle();
        if (obstacle.isPresent()) {
            System.out.println("native check: not run, there is no native library: " + obstacle.get());
            return;
        }
        List<CCompiler> compilers = CCompiler.all();
        checkOldCompiler(compilers.getFirst());
        String tests = System.getProperty("qk256.tests", "usual");
        int packaged = tests.equals("usual") ? 1 : 0; // Its instructions were checked when it was built.
        for (CCompiler compiler : compilers.subList(packaged, compilers.size())) {
            check(compiler, WORK.resolve(compiler.name()));
        }
        switch (tests) {
            case "usual" -> sanitize(compilers.getFirst(), CheckNative::hasTierOf, "short");
            case "long" -> sanitize(compilers.getLast(), source -> true);
            case "all" -> {
                for (CCompiler compiler : compilers) {
                    sanitize(compiler, source -> true);
                }
            }
            default ->
                throw new CCompiler.BuildFailure("-Dqk256.tests=" + tests + ", expected one of usual, long, all");
        }
    }

    /** Checks that a tier is left out if the compiler refuses its options, and that the rest compiles without it. */
    private static void checkOldCompiler(CCompiler compiler) throws IOException {
        if (CCompiler.os().equals("windows")) {
            return;
        }
        Path old = Files.createDirectories(WORK).resolve("old-compiler").toAbsolutePath();
        Files.writeString(old, """
                #!/bin/sh
                case "$*" in *-mavx512vnni*) echo "error: unknown option -mavx512vnni" >&2; exit 1;; esac
                exec %s "$@"
                """.formatted(String.join(" ", compiler.command())));
        if (!old.toFile().setExecutable(true)) {
            throw new CCompiler.BuildFailure(old + " cannot be made executable");
        }
        CCompiler refusing = CCompiler.at(old.toString()).orElseThrow();
        List<Path> sources = CCompiler.sources(Path.of("src/main/native"));
        List<Path> compilable = refusing.compilable(sources);
        List<Tier> leftOut = sources.stream()
                .filter(source -> !compilable.contains(source))
                .map(Tier::of)
                .distinct()
                .sorted()
                .toList();
        if (!leftOut.containsAll(List.of(Tier.AMX, Tier.AVX512_VNNI)) || leftOut.contains(Tier.AVX2)) {
            throw new CCompiler.BuildFailure(
                    "expected a compiler without -mavx512vnni to leave out AMX and AVX512_VNNI, left out " + leftOut);
        }
        List<String> arguments = CCompiler.with(CCompiler.COMMON, CCompiler.definitions(compilable));
        refusing.compile(CCompiler.with(
                arguments,
                List.of("-Werror", "-c", "src/main/native/tiers.c", "-o", WORK + "/tiers-of-old-compiler.o")));
    }

    /** Checks the gate itself: it must refuse what once got through. */
    private static void checkGate() throws IOException {
        for (String line : Files.readAllLines(DISASSEMBLED)) {
            if (!line.startsWith("#")) {
                String[] words = line.split(" ", 3);
                Optional<String> refusal = words[1].equals("symbols")
                        ? Disassembly.symbolRefusal(words[2])
                        : Disassembly.refusal("\t" + words[2], Tier.of(Path.of("recorded_" + words[1] + ".c")));
                if (refusal.isPresent() != words[0].equals("refused")) {
                    throw new CCompiler.BuildFailure(DISASSEMBLED + ": expected '" + line + "', but the gate says "
                            + refusal.orElse("nothing against it"));
                }
            }
        }
    }

    private static void check(CCompiler compiler, Path work) throws IOException {
        Path library = work.resolve(System.mapLibraryName("qk256_avx2"));
        BuildNative.compile(compiler, work, library);
        if (Disassembly.isPossible()) {
            System.out.printf(
                    "native check, %s: no instruction beyond its tier; multiply-adds of bytes: %d in AVX2, %d in AVX-VNNI, %d"
                            + " in AVX-512 VNNI%n",
                    compiler.name(),
                    count(work, "vpmaddubsw", Tier.AVX2),
                    count(work, "{vex} vpdpbusd", Tier.AVX_VNNI),
                    count(work, "vpdpbusd", Tier.AVX512_VNNI));
        }
    }

    private static void sanitize(CCompiler compiler, Predicate<Path> chosen, String... arguments) throws IOException {
        Path work = Files.createDirectories(WORK.resolve(compiler.name()));
        if (!sanitizes(compiler, work)) {
            System.out.println(
                    "native check, " + compiler.name() + ": sanitizers not run, this compiler cannot link with them");
            return;
        }
        System.out.print("native check, " + compiler.name() + ": " + run(program(compiler, work, chosen), arguments));
    }

    /** Counts an instruction in a tier's GEMM; fails if the tier was compiled but has none. */
    private static long count(Path work, String instruction, Tier tier) {
        Path object = work.resolve("gemm_i8_" + tier.suffix + ".o");
        if (!Files.exists(object)) {
            return 0;
        }
        long count = Disassembly.count(object, instruction);
        if (count == 0) {
            throw new CCompiler.BuildFailure(object + " has no " + instruction + ", expected some");
        }
        return count;
    }

    private static Path program(CCompiler compiler, Path work, Predicate<Path> chosen) throws IOException {
        Path program = work.resolve("kernel-test");
        List<String> link = new ArrayList<>(SANITIZED);
        List<Path> sources =
                compiler.compilable(testedSources()).stream().filter(chosen).toList();
        // Some take most of a minute, so the processors share them.
        link.addAll(sources.parallelStream()
                .map(source -> sanitized(compiler, work, source, sources))
                .toList());
        link.addAll(List.of("-o", program.toString(), "-lm"));
        compiler.compile(link);
        return program;
    }

    private static String sanitized(CCompiler compiler, Path work, Path source, List<Path> all) {
        String object = work.resolve(source.getFileName().toString().replace(".c", "-sanitized.o"))
                .toString();
        List<String> arguments = new ArrayList<>(SANITIZED);
        boolean large = source.getFileName().toString().startsWith(LARGE);
        boolean test = !source.startsWith("src/main"); // Most of its time goes into what it compares with.
        arguments.add(test ? "-O2" : compiler.name().equals("gcc") ? "-Og" : large ? "-O0" : "-O1");
        arguments.addAll(Tier.of(source).options);
        arguments.addAll(CCompiler.definitions(all));
        arguments.addAll(List.of("-Isrc/main/native", "-c", source.toString(), "-o", object));
        compiler.compile(arguments);
        return object;
    }

    /** Whether this CPU can run a source file; the test would skip its tier otherwise. */
    private static boolean hasTierOf(Path source) {
        Tier tier = Tier.of(source);
        if (tier != Tier.AVX_VNNI || !Files.isReadable(CPU)) {
            return true;
        }
        try {
            return Files.readString(CPU).contains(" avx_vnni ");
        } catch (IOException e) {
            return true;
        }
    }

    /** All sources but the JNI glue, which needs a JVM. */
    private static List<Path> testedSources() {
        List<Path> sources = new ArrayList<>(CCompiler.sources(Path.of("src/test/native")));
        CCompiler.sources(Path.of("src/main/native")).stream()
                .filter(source -> !source.endsWith("jni.c"))
                .forEach(sources::add);
        return sources;
    }

    private static String run(Path program, String... arguments) {
        List<String> command = CCompiler.with(List.of(program.toAbsolutePath().toString()), List.of(arguments));
        CCompiler.Outcome outcome = CCompiler.run(command, ENVIRONMENT)
                .orElseThrow(() -> new CCompiler.BuildFailure(program + " does not run"));
        if (outcome.exitCode() != 0) {
            throw new CCompiler.BuildFailure("exit code " + outcome.exitCode() + "\n" + outcome.output());
        }
        return outcome.output();
    }

    private static boolean sanitizes(CCompiler compiler, Path work) throws IOException {
        Path source = Files.writeString(work.resolve("probe.c"), "int main(void) { return 0; }\n");
        Path program = work.resolve("probe");
        return compiler.accepts(CCompiler.with(SANITIZED, List.of(source.toString(), "-o", program.toString())))
                && CCompiler.succeeds(List.of(program.toAbsolutePath().toString()), ENVIRONMENT);
    }
}
