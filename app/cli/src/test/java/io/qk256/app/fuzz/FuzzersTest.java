package io.qk256.app.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import io.qk256.testing.Fuzz;
import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs each fuzzer in a separate JVM, so that a crash is a finding like any other. */
class FuzzersTest {

    /** Time beyond the requested one, more than any case takes. */
    private static final Duration PATIENCE = Duration.ofMinutes(10);

    @TempDir
    private Path directory;

    @ParameterizedTest
    @ValueSource(strings = {FuzzMain.CALLS, FuzzMain.OPERATIONS, FuzzMain.TOGETHER})
    void findsNothing(String fuzzer) throws Exception {
        Path talk = directory.resolve("talk");
        Path seed = directory.resolve("seed");
        Process process = new ProcessBuilder(command(fuzzer, seed))
                .redirectErrorStream(true)
                .redirectOutput(talk.toFile())
                .start();
        try {
            boolean ended = process.waitFor(Fuzz.time().plus(PATIENCE));
            String said = Files.readString(talk, StandardCharsets.UTF_8);
            assertThat(ended).as("%s hangs, %s%n%s", fuzzer, last(seed), said).isTrue();
            assertThat(process.exitValue())
                    .as("exit code of %s, %s%n%s%n%s", fuzzer, last(seed), said, crash())
                    .isZero();
            System.out.print(said.lines()
                    .filter(line -> line.startsWith("fuzzer ") || line.startsWith(fuzzer))
                    .reduce("", (all, line) -> all + line + System.lineSeparator()));
        } finally {
            process.destroyForcibly().waitFor();
        }
    }

    private List<String> command(String fuzzer, Path seed) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(
                List.of("-Xmx512m", "-XX:+UseSerialGC", "-XX:MaxDirectMemorySize=256m", "-XX:-CreateCoredumpOnCrash"));
        command.add("-XX:ErrorFile=" + directory.resolve("crash"));
        System.getProperties().stringPropertyNames().stream()
                .filter(name -> name.startsWith("qk256."))
                .forEach(name -> command.add("-D" + name + "=" + System.getProperty(name)));
        command.addAll(List.of("-p", System.getProperty("jdk.module.path")));
        command.addAll(List.of("-cp", System.getProperty("java.class.path")));
        command.add("--patch-module=io.qk256.app=" + tests());
        command.add("--add-reads=io.qk256.app=ALL-UNNAMED");
        command.add("--enable-native-access=ALL-UNNAMED,io.qk256.spi,io.qk256.avx2.jni");
        command.addAll(List.of("-m", "io.qk256.app/" + FuzzMain.class.getName(), fuzzer, seed.toString()));
        return command;
    }

    private static String tests() {
        return new File("target/test-classes").getAbsolutePath();
    }

    private static String last(Path seed) throws IOException {
        if (!Files.exists(seed)) {
            return "before the first case";
        }
        try (RandomAccessFile file = new RandomAccessFile(seed.toFile(), "r")) {
            return "last case: -Dqk256.fuzz.seed=" + file.readLong();
        }
    }

    private String crash() throws IOException {
        Path report = directory.resolve("crash");
        return Files.exists(report)
                ? Files.readString(report, StandardCharsets.ISO_8859_1)
                        .lines()
                        .limit(60)
                        .reduce("", (all, line) -> all + line + System.lineSeparator())
                : "";
    }
}
