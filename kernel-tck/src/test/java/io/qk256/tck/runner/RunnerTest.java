package io.qk256.tck.runner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.qk256.tck.Rule;
import io.qk256.tck.Rules;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Tests the runner with kernels in their own modules. */
class RunnerTest {

    @TempDir
    private Path directory;

    private record Result(int exit, String out, String err) {}

    private static Result run(Object... arguments) throws InterruptedException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int exit = TckMain.run(
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                Arrays.stream(arguments).map(Object::toString).toArray(String[]::new));
        return new Result(exit, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    private Result run(OutsideKernel kernel, List<String> options) throws IOException, InterruptedException {
        List<Object> arguments = new ArrayList<>(List.of("--provider", "outside"));
        arguments.addAll(List.of("--module-path", kernel.compile(directory)));
        arguments.addAll(options);
        arguments.addAll(List.of("--jvm-option", "-XX:TieredStopAtLevel=1")); // Each JVM lives for a second.
        return run(arguments.toArray());
    }

    private static int number(String rule) {
        return Rules.all().stream()
                .filter(known -> known.isOf(rule))
                .mapToInt(Rule::number)
                .findFirst()
                .orElseThrow();
    }

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

    static List<OutsideKernel> wrongKernels() {
        return OutsideKernel.all();
    }

    @ParameterizedTest
    @MethodSource("wrongKernels")
    void isCaughtByItsRule(OutsideKernel kernel) throws Exception {
        boolean guardPages =
                !System.getProperty("os.name").toLowerCase(Locale.ROOT).contains("windows");
        assumeTrue(guardPages || !kernel.says().contains("touching"), "no guard pages on Windows");
        String rule = Integer.toString(number(kernel.rule()));

        Result result;
        int seconds = kernel.name().equals("hangs") ? 4 : 600;
        do { // How soon a kernel gets to the point where it hangs depends on the machine.
            result = run(kernel, List.of("--rule", rule, "--time-limit", String.valueOf(seconds)));
            seconds *= 2;
        } while (!result.out().contains(kernel.says()) && seconds < 600);

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
