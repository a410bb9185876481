package io.qk256.tck.runner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.qk256.tck.Rules;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Tests the runner with kernels in their own modules. */
class RunnerTest extends RunsTheKit {

    @Test
    void rightKernelIsReportedInEveryFormat() throws Exception {
        Path json = directory.resolve("report.json");
        Path xml = directory.resolve("report.xml");
        Path md = directory.resolve("report.md");
        Result result = run(
                OutsideKernel.right(),
                List.of(
                        "--rule",
                        "5",
                        "--rule",
                        "23",
                        "--time-limit",
                        "600",
                        "--seed",
                        "7",
                        "--save",
                        json.toString(),
                        "--save",
                        xml.toString(),
                        "--save",
                        md.toString()));

        assertThat(result.exit()).as(result.out() + result.err()).isZero();
        assertThat(result.out())
                .containsPattern("(?m)^ +5 +partial block +MUST, core +passed +2 +\\d+$")
                .containsPattern("(?m)^ +23 +reads stay inside +MUST +passed +2 +\\d+$")
                .containsPattern("(?m)^repeat .* --provider outside .*--seed 7 --jvm-option \\S+ --rule 5 --rule 23$")
                .contains("none: it is a directory, and cannot be certified")
                .contains("outside: PASSED: 2 of 2 MUST rules passed, 0 of 0 SHOULD rules");
        assertThat(Files.readString(json))
                .contains("\"verdict\": \"passed\"", "\"seed\": 7", "\"words\": \"partial block\"", "\"core\": true");
        assertThat(Files.readString(xml))
                .contains("<testsuite name=\"outside\" tests=\"4\" failures=\"0\" errors=\"0\" skipped=\"0\"")
                .contains("name=\"rule 5 partial block, int8\"");
        assertThat(Files.readString(md)).startsWith("# outside: passed").contains("| 23 | reads stay inside | MUST |");
    }

    /** All but the one of {@link HangingKernelTest}. */
    static List<OutsideKernel> wrongKernels() {
        return OutsideKernel.all().stream()
                .filter(kernel -> !kernel.name().equals(HangingKernelTest.NAME))
                .toList();
    }

    @ParameterizedTest
    @MethodSource("wrongKernels")
    void isCaughtByItsRule(OutsideKernel kernel) throws Exception {
        boolean guardPages =
                !System.getProperty("os.name").toLowerCase(Locale.ROOT).contains("windows");
        assumeTrue(guardPages || !kernel.says().contains("touching"), "no guard pages on Windows");
        String rule = Integer.toString(number(kernel.rule()));

        Result result = run(kernel, List.of("--rule", rule, "--time-limit", "600"));

        boolean optional =
                kernel.rule().equals(Rules.NEEDLESS_CLAIMS) || kernel.rule().equals(Rules.SELF_DESCRIPTION);
        assertThat(result.exit()).as(result.out() + result.err()).isEqualTo(optional ? 0 : 1);
        assertThat(result.out()).contains("outside: " + kernel.rule() + ": ").contains(kernel.says());
    }

    @Test
    void theRulesAfterACrashRunInANewJvm() throws Exception {
        OutsideKernel crashes = OutsideKernel.all().getFirst();

        Result result = run(crashes, List.of("--rule", "9", "--rule", "10", "--rule", "11", "--time-limit", "600"));

        assertThat(result.out())
                .containsPattern("(?m)^ +9 +zero input +MUST, core +passed +2 ")
                .containsPattern("(?m)^ +10 +many rows +MUST, core +failed +2 ")
                .containsPattern("(?m)^ +11 +dequantize every byte +MUST, core +passed +1 ")
                .contains("1 of 3 MUST rules failed, 0 did not run");
    }

    @Test
    void whatTheMachineLacksIsNeitherPassedNorFailed() throws Exception {
        OutsideKernel unavailable = new OutsideKernel(
                "unavailable",
                Rules.DETECTION,
                "// OPENING",
                "if (true) { throw new KernelUnavailableException(\"no such device; plug it in\"); }",
                "");

        Result result = run(unavailable, List.of("--rule", "1", "--rule", "12", "--time-limit", "600"));

        assertThat(result.exit()).isEqualTo(3);
        assertThat(result.out())
                .containsPattern("(?m)^ +1 +one block +MUST, core +skipped +2 ")
                .contains("outside: CANNOT BE RUN HERE: opened: no such device; plug it in");
    }

    @Test
    void wrongUsageIsAnswered() throws Exception {
        assertUsage("--provider NAME is missing");
        assertUsage("unknown option: --rulez", "--provider", "x", "--rulez");
        assertUsage("--rule: '98', expected an integer from 1 to ", "--provider", "x", "--rule", "98");
        assertUsage("--rule: 'x', expected an integer", "--provider", "x", "--rule", "x");
        assertUsage("format: 'yaml', expected one of table, json, xml, md", "--provider", "x", "-o", "yaml");
        assertUsage("expected a name that ends in", "--provider", "x", "--save", "report.txt");
        assertUsage("a certificate needs all rules", "--provider", "x", "--rule", "1", "--certify", "d");
        assertUsage("no kernel is called 'nobody'; there are: ", "--provider", "nobody");
        assertThat(run("--help").out()).contains("usage:", "Exit codes:");
    }

    private static void assertUsage(String message, Object... arguments) throws InterruptedException {
        Result result = run(arguments);
        assertThat(result.exit()).isEqualTo(2);
        assertThat(result.err()).contains(message);
        assertThat(result.out()).isEmpty();
    }
}
