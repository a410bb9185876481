package io.qk256.tck.runner;

import static org.assertj.core.api.Assertions.assertThat;

import io.qk256.tck.Rule;
import io.qk256.tck.Rules;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.spi.ToolProvider;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Rules that {@code Kernel} keeps for all kernels through the checks in its final methods: tested with a {@code Kernel}
 * without these checks.
 */
class UncheckedSpiTest {

    private static final Path KERNEL =
            Path.of("..", "kernel-spi", "src", "main", "java", "io", "qk256", "spi", "Kernel.java");

    @TempDir
    private Path directory;

    static List<OutsideKernel> kernels() {
        return OutsideKernel.ofAnUncheckedSpi();
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void isCaughtByItsRule(OutsideKernel kernel) throws Exception {
        Path modules = kernel.compile(directory);
        String rule = Rules.all().stream()
                .filter(known -> known.isOf(kernel.rule()))
                .map(Rule::number)
                .map(String::valueOf)
                .findFirst()
                .orElseThrow();

        assertThat(run(modules, rule, "")).contains("outside: PASSED");
        assertThat(run(modules, rule, "--patch-module=io.qk256.spi=" + uncheckedKernel()))
                .contains("outside: " + kernel.rule() + ": ", kernel.says(), "outside: FAILED");
    }

    private String run(Path modules, String rule, String jvmOptions) throws IOException, InterruptedException {
        Path out = directory.resolve("out");
        ProcessBuilder command = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-p",
                System.getProperty("jdk.module.path"),
                "-m",
                "io.qk256.tck/" + TckMain.class.getName(),
                "--provider",
                "outside",
                "--module-path",
                modules.toString(),
                "--time-limit",
                "600",
                "--rule",
                rule);
        // Each JVM lives for a second; the child inherits the options.
        command.environment().put("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC " + jvmOptions);
        command.redirectErrorStream(true).redirectOutput(out.toFile()).start().waitFor();
        return Files.readString(out);
    }

    private Path uncheckedKernel() throws IOException {
        Path classes = directory.resolve("unchecked");
        Path source = Files.createDirectories(directory.resolve("unchecked-src/io/qk256/spi"))
                .resolve("Kernel.java");
        Files.writeString(
                source,
                Files.readString(KERNEL)
                        .replaceAll(
                                "(?m)^ {8}(requireRows|requireLength|requireMatrix|requireInteger|requireVector)\\(.*\\);$",
                                "")
                        .replace("if (fromRow < toRow) {", "{"));
        int exit = ToolProvider.findFirst("javac")
                .orElseThrow()
                .run(
                        System.out,
                        System.err,
                        "-proc:none",
                        "--patch-module=io.qk256.spi=" + directory.resolve("unchecked-src"),
                        "-p",
                        System.getProperty("jdk.module.path"),
                        "-d",
                        classes.toString(),
                        source.toString());
        assertThat(exit).isZero();
        return classes;
    }
}
