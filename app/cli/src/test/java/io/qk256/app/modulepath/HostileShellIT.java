package io.qk256.app.modulepath;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonParser;
import io.qk256.testing.Fuzz;
import io.qk256.testing.Fuzz.Outcome;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every command by its launcher, in hostile shells: a full disk, closed pipes, the C locale, unreadable files. */
class HostileShellIT {

    private static final Path LAUNCHER = Path.of(System.getProperty("qk256.target", "target"), "qk256/bin/qk256")
            .toAbsolutePath();

    /** The shell's script for the command and its arguments; the exit code goes to a file. */
    private enum Shell {
        QUIET("\"$@\" >out 2>err; echo $? >code"),
        FULL_DISK("\"$@\" >/dev/full 2>err; echo $? >code"),
        NO_OUTPUT("\"$@\" >&- 2>err; echo $? >code"),
        NO_STREAMS("\"$@\" <&- >&- 2>&-; echo $? >code"),
        SHORT_READER("{ \"$@\" 2>err; echo $? >code; } | head -n 1 >out"),
        C_LOCALE("LC_ALL=C LANG=C \"$@\" >out 2>err; echo $? >code");

        private final String script;

        Shell(String script) {
            this.script = script;
        }
    }

    @TempDir
    private Path dir;

    private List<List<String>> commands = List.of();

    @BeforeEach
    void makeFiles() throws IOException {
        assumeTrue(Files.exists(Path.of("/dev/full")), "the shells are those of Linux");
        Path demo = dir.resolve("demo é.gguf");
        try (InputStream in = getClass().getResourceAsStream("/io/qk256/app/check/demo-tq2_0.gguf")) {
            Files.copy(Objects.requireNonNull(in), demo);
        }
        String model = demo.toString();
        String text = Files.writeString(dir.resolve("text.txt"), "Once upon a time there was a fox.\n".repeat(20))
                .toString();
        String secret = Files.writeString(dir.resolve("secret.gguf"), "GGUF").toString();
        assertThat(Path.of(secret).toFile().setReadable(false)).isTrue();
        commands = List.of(
                List.of(),
                List.of("kernels", "--json"),
                List.of("explain", "scalar"),
                List.of("check", model),
                List.of("check", "--json", model),
                List.of("run", "-m", model, "-p", "Café", "-n", "4", "--temp=0"),
                List.of("run", "--chat", "-n", "4"),
                List.of("run", "-f", dir.toString()),
                List.of("perplexity", "-f", text, "--windows=1", "--json"),
                List.of("inspect", model),
                List.of("inspect", "--json", model),
                List.of("inspect", secret),
                List.of("inspect", dir.toString()),
                List.of(
                        "dequantize",
                        model,
                        "output_norm.weight",
                        "-o",
                        dir.resolve("out.npy").toString()),
                List.of(
                        "convert",
                        model,
                        "--type=qk256",
                        "-o",
                        dir.resolve("out.gguf").toString()),
                List.of("convert", model, "--type=qk256", "-o", dir.toString()),
                List.of("bench-model", "--kernels=scalar", "--thread-counts=1", "--seconds=0.001", "--json"),
                List.of("bench", "--quick", "--kernels=scalar", "--shapes=64", "--time=1", "-o", "json"),
                List.of("tck", "--provider=scalar", "--rule=1", "-o", "json", "--time-limit=600"),
                List.of("serve", "--host=203.0.113.1", "--api-key=0123456789abcdef"), // No machine has it.
                List.of("frobnicate"));
    }

    @Test
    void everyCommandEndsWithACodeAndALine() {
        Fuzz.run("of commands in hostile shells", commands.size(), this::run);
    }

    private Outcome run(SplittableRandom random) throws IOException, InterruptedException {
        List<String> command = commands.get(random.nextInt(commands.size()));
        Shell shell = List.of(Shell.values()).get(random.nextInt(Shell.values().length));
        String label = shell + ": " + command;
        List<String> line = new ArrayList<>(List.of("sh", "-c", shell.script, "sh", LAUNCHER.toString()));
        line.addAll(command);
        for (String file : List.of("out", "err", "code")) {
            Files.deleteIfExists(dir.resolve(file));
        }
        ProcessBuilder builder = new ProcessBuilder(line).directory(dir.toFile());
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        builder.environment().put("QK256_CACHE_DIR", dir.resolve("cache").toString());
        // For short-lived JVMs.
        builder.environment().put("JDK_JAVA_OPTIONS", Application.SIMPLE_COMPILER);
        builder.redirectInput(Path.of("/dev/null").toFile());
        assertThat(builder.start().waitFor()).as(label).isZero();
        int exit = Integer.parseInt(read("code").strip());
        String err = read("err");
        label += ", exit " + exit + "\n" + err;
        assertThat(exit).as(label).isBetween(0, 4);
        List<String> told = err.lines()
                .filter(text -> !text.equals("WARNING: Using incubator modules: jdk.incubator.vector"))
                .filter(text -> !text.startsWith("NOTE: Picked up JDK_JAVA_OPTIONS: "))
                .toList();
        assertThat(told).as(label).noneMatch(text -> text.startsWith("\tat ") || text.startsWith("WARNING"));
        assertThat(err).as(label).doesNotContain("(-v shows where)").doesNotContain("\u001b");
        if (exit != 0 && shell != Shell.NO_STREAMS) {
            String teller = command.getFirst().equals("tck") ? "(qk256|tck): .*" : "qk256: .*";
            assertThat(told).as(label).anyMatch(text -> text.matches(teller));
        }
        if (exit == 0 && command.contains("--json") && (shell == Shell.QUIET || shell == Shell.C_LOCALE)) {
            assertThat(JsonParser.parseString(read("out")).isJsonObject())
                    .as(label)
                    .isTrue();
        }
        boolean writes = !command.contains("--chat") && (!command.contains("-o") || command.contains("json"));
        if (shell == Shell.FULL_DISK && writes) {
            assertThat(exit).as(label).isNotZero();
        }
        return exit == 0 ? Outcome.ACCEPTED : Outcome.REFUSED;
    }

    private String read(String file) throws IOException {
        return Files.exists(dir.resolve(file)) ? Files.readString(dir.resolve(file)) : "";
    }
}
