package io.qk256.app.modulepath;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.qk256.app.modulepath.Application.Result;
import io.qk256.testing.Effort;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Runs the kit on what is shipped: all rules, in a separate JVM and with guard pages. Reports what was not run. {@link
 * TckIT} tests {@code scalar}, which it certifies.
 */
abstract class WholeKit {

    static final Path TARGET = Path.of(System.getProperty("qk256.target", "target"));

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

    /** A kernel and the options of its JVM. */
    record Case(String kernel, String tier, String library, List<String> jvmOptions) {

        @Override
        public String toString() {
            return kernel + (tier.isEmpty() ? "" : ", tier " + tier) + (library.isEmpty() ? "" : ", by " + library);
        }
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
