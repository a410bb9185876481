package io.qk256.app.modulepath;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.qk256.app.modulepath.Application.Result;
import io.qk256.testing.Effort;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Runs the kit on what is shipped: all rules, in a separate JVM and with guard pages, on each packaged kernel and on each tier
 * of the native kernel that this machine can run. Then the same on the library built by another compiler, if there is
 * one: the rules that machine code can break, and with {@code -Dqk256.tests=long} all of them. Reports what was not
 * run. {@link TckIT} tests {@code scalar}, which it certifies.
 */
class WholeKitIT {

    private static final Path TARGET = Path.of(System.getProperty("qk256.target", "target"));
    private static final Path NATIVE = TARGET.resolve("../../../kernel-avx2-native/target");

    /** For each tier, the words in a kernel's description that show that it is in use. */
    private static final Map<String, List<String>> TIERS = Map.of(
            "avx2",
            List.of(),
            "avx-vnni",
            List.of("AVX-VNNI"),
            "avx512-vnni",
            List.of("AVX-512 ("),
            "amx",
            List.of("AMX"));

    /** What the other compiler does not compile: providers, threads, refusals, prints, leaks and answers are Java. */
    private static final Set<Integer> RULES_OF_JAVA = Set.of(12, 28, 30, 35, 36, 37, 39, 40, 41);

    /** Sizes that counters of 15 bits and more cannot hold: the most expensive rule, and types are of the same size. */
    private static final int RULE_OF_LARGE_SHAPES = 42;

    private static final int HANG_SECONDS = 500;

    /**
     * Ten times the JVM's defaults, which saves a fifth of the kit's time. Not for kernels in Java: what they allocate
     * until they are optimized can look like a leak.
     */
    private static final List<String> OPTIMIZE_LATE = List.of(
            "-XX:Tier4InvocationThreshold=50000",
            "-XX:Tier4MinInvocationThreshold=6000",
            "-XX:Tier4CompileThreshold=150000",
            "-XX:Tier4BackEdgeThreshold=400000");

    /** A kernel and the options of its JVM. */
    record Case(String kernel, String tier, String library, List<String> jvmOptions) {

        @Override
        public String toString() {
            return kernel + (tier.isEmpty() ? "" : ", tier " + tier) + (library.isEmpty() ? "" : ", by " + library);
        }
    }

    static List<Case> cases() throws IOException {
        List<Case> cases = new ArrayList<>();
        cases.add(new Case("avx2-vector", "", "", List.of()));
        Map<String, Path> others = otherLibraries();
        List<String> tiers = new ArrayList<>(List.of("avx2", "avx-vnni", "avx512-vnni"));
        if (Effort.isEverything()) {
            tiers.add("amx"); // Off unless it is named, until it has been proved on hardware.
        }
        for (String tier : tiers) {
            List<String> options = new ArrayList<>(OPTIMIZE_LATE);
            options.add("-Dqk256.native.tier=" + tier);
            cases.add(new Case("avx2-native", tier, "", List.copyOf(options)));
            others.forEach((compiler, file) -> {
                List<String> ofOther = new ArrayList<>(options);
                ofOther.add("-Dqk256.native.path=" + file);
                cases.add(new Case("avx2-native", tier, compiler, ofOther));
            });
        }
        return cases;
    }

    /** Built by the native module's own check. */
    private static Map<String, Path> otherLibraries() throws IOException {
        assertThat(NATIVE.resolve("../pom.xml")).exists();
        Path made = NATIVE.resolve("native/check");
        if (!Files.isDirectory(made)) {
            return Map.of();
        }
        Optional<Path> shipped = library(NATIVE.resolve("classes"));
        try (Stream<Path> compilers = Files.list(made)) {
            Map<String, Path> others = new TreeMap<>();
            for (Path compiler : compilers.filter(Files::isDirectory).toList()) {
                Optional<Path> other = library(compiler);
                if (other.isPresent() && shipped.isPresent() && !sameBytes(other.get(), shipped.get())) {
                    others.put(compiler.getFileName().toString(), other.get().toRealPath());
                }
            }
            return others;
        }
    }

    private static Optional<Path> library(Path below) throws IOException {
        try (Stream<Path> files = Files.walk(below)) {
            return files.filter(file -> file.endsWith(System.mapLibraryName("qk256_avx2")))
                    .findFirst();
        }
    }

    private static boolean sameBytes(Path one, Path other) throws IOException {
        return Arrays.equals(Files.readAllBytes(one), Files.readAllBytes(other));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void passesAllRules(Case proven) throws Exception {
        // If the CPU may lack the tier, run one short rule first: without the tier the kernel would use another
        // one, and running all rules would prove nothing.
        boolean certain = TIERS.getOrDefault(proven.tier, List.of()).isEmpty();
        String[] rules = proven.library.isEmpty() || Effort.isLong() ? new String[0] : rulesOfMachineCode();
        JsonObject report = report(proven, certain ? rules : new String[] {"--rule=1"});
        Optional<String> obstacle = obstacle(proven, report);
        obstacle.ifPresent(reason -> System.out.println("[kit] " + proven + ": not run, " + reason));
        assumeTrue(obstacle.isEmpty(), () -> proven + ": " + obstacle.orElse(""));

        report = certain ? report : report(proven, rules);

        System.out.println("[kit] " + proven + ": " + report.get("verdict").getAsString() + ", "
                + report.get("reason").getAsString() + ", " + report.get("milliseconds") + " ms, seed "
                + report.get("seed"));
        assertThat(report.get("verdict").getAsString()).as(report.toString()).isEqualTo("passed");
        assertThat(report.get("guardPages").getAsBoolean())
                .as("guard pages")
                .isEqualTo(System.getProperty("os.name").equals("Linux"));
        if (!proven.library.isEmpty()) {
            assertThat(report.get("kernel").getAsString()).contains("/check/" + proven.library + "/");
        }
    }

    /** The kit is on the class path, but the application's module does not read it. */
    private static String[] rulesOfMachineCode() throws ReflectiveOperationException {
        List<?> rules =
                (List<?>) Class.forName("io.qk256.tck.Rules").getMethod("all").invoke(null);
        return IntStream.rangeClosed(1, rules.size())
                .filter(rule -> !RULES_OF_JAVA.contains(rule) && rule != RULE_OF_LARGE_SHAPES)
                .mapToObj(rule -> "--rule=" + rule)
                .toArray(String[]::new);
    }

    /** Why the kit cannot test this tier here. */
    private static Optional<String> obstacle(Case proven, JsonObject opened) {
        if (opened.get("verdict").getAsString().equals("cannot be run here")) {
            return Optional.of(opened.get("reason").getAsString());
        }
        String description = opened.get("kernel").getAsString();
        boolean used = TIERS.getOrDefault(proven.tier, List.of()).stream().allMatch(description::contains);
        return used
                ? Optional.empty()
                : Optional.of(
                        "this CPU has no such instructions, or the library was built without them; the disassembly of"
                                + " the library was checked when it was built");
    }

    private static JsonObject report(Case proven, String... more) throws Exception {
        List<String> arguments = new ArrayList<>(
                List.of("tck", "--provider=" + proven.kernel, "-o=json", "--time-limit=" + HANG_SECONDS));
        proven.jvmOptions.forEach(option -> arguments.addAll(List.of("--jvm-option", option)));
        arguments.addAll(List.of(more));
        Result tck = Application.complete()
                .jvm("-Dqk256.kit.modules=" + TARGET.resolve("qk256/lib/kit"))
                .run(arguments.toArray(String[]::new));
        assertThat(tck.out()).as(tck.err()).startsWith("{");
        return JsonParser.parseString(tck.out()).getAsJsonObject();
    }
}
