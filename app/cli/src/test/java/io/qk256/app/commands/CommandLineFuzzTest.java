package io.qk256.app.commands;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonParser;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import io.qk256.testing.Fuzz;
import io.qk256.testing.Fuzz.Outcome;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every command line gets an answer: a documented exit code, a line about what is wrong, JSON if requested; and nothing that
 * controls the terminal.
 */
class CommandLineFuzzTest {

    @TempDir
    private Path dir;

    @Test
    void anyCommandLineIsAnswered() throws IOException {
        List<String> files = CommandLines.files(dir);
        Path out = Files.createDirectory(dir.resolve("out"));
        Fuzz.run("of command lines", 50, random -> {
            List<String> line = CommandLines.next(files, out, false, random);
            CommandLineRun run = CommandLineRun.withInput("A line\nand another", line.toArray(String[]::new));
            check(line, run);
            return run.exit() == ExitCode.OK ? Outcome.ACCEPTED : Outcome.REFUSED;
        });
    }

    @Test
    void withoutTheKitTheTwoCommandsThatNeedItSaySo() {
        for (String command : List.of("bench", "tck")) {
            CommandLineRun run = CommandLineRun.of(command, command.equals("tck") ? "--provider=scalar" : "--quick");
            assertThat(run.exit()).isEqualTo(ExitCode.FAILED);
            assertThat(run.err()).startsWith("qk256: the compatibility kit was expected in the directory that -D");
        }
    }

    private static void check(List<String> line, CommandLineRun run) throws IOException {
        String all = line + "\nexit " + run.exit() + "\n" + run.err();
        assertThat(run.exit()).as(all).isBetween(ExitCode.OK, ExitCode.REGRESSION);
        assertThat(run.err())
                .as(all)
                .doesNotContain("(-v shows where)")
                .doesNotContainPattern("[\\x00-\\x08\\x0b-\\x1f\\u202a-\\u202e]");
        if (!line.contains("-v")) {
            assertThat(run.err()).as(all).doesNotContain("\tat ");
        }
        if (run.exit() != ExitCode.OK) {
            assertThat(run.err().lines())
                    .as(all)
                    .anyMatch(text -> text.startsWith("qk256: ") || run.out().contains("WRONG"));
        }
        boolean helped = line.contains("--help") || line.contains("--version");
        if (line.contains("--json") && run.exit() == ExitCode.OK && !helped) {
            JsonReader json = new JsonReader(new StringReader(run.out()));
            json.setStrictness(Strictness.STRICT);
            assertThat(JsonParser.parseReader(json).isJsonObject()).as(all).isTrue();
        }
    }
}
