package io.qk256.app.commands;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Help, the version, and everything else that belongs to no single command. */
class ArgumentsTest {

    @TempDir
    private Path dir;

    @Test
    void columnsAreHonoredWithinReason() {
        assertThat(Arguments.columns(Optional.of("100"))).hasValue(100);
        assertThat(Arguments.columns(Optional.of("3"))).hasValue(60);
        assertThat(Arguments.columns(Optional.of("100000"))).hasValue(200);
        assertThat(Arguments.columns(Optional.of("wide"))).isEmpty();
        assertThat(Arguments.columns(Optional.empty())).isEmpty();
    }

    @Test
    void helpAndVersionAreCommandsToo() {
        assertThat(CommandLineRun.of("help").out())
                .isEqualTo(CommandLineRun.of("--help").out())
                .contains("Exit codes:");
        assertThat(CommandLineRun.of("help", "run").out())
                .isEqualTo(CommandLineRun.of("run", "--help").out())
                .contains("--prompt");
        CommandLineRun version = CommandLineRun.of("version");
        assertThat(version.exit()).isZero();
        assertThat(version.out()).startsWith("qk256 ").contains("kernel contract");
        assertThat(CommandLineRun.of("help", "bogus").exit()).isEqualTo(ExitCode.USAGE);
    }

    @Test
    void aModelWithoutVocabularyCanBeMeasured() throws Exception {
        String file = HostileFile.withoutVocabulary(dir.resolve("m.gguf")).toString();
        CommandLineRun run =
                CommandLineRun.of("bench-model", "-m", file, "--kernel=scalar", "--thread-counts=1", "--seconds=0.001");
        assertThat(run.exit()).as(run.err()).isZero();
        assertThat(run.out()).contains("scalar").doesNotContain("at once");
        assertThat(CommandLineRun.of("run", "-m", file, "-n", "1").exit()).isEqualTo(ExitCode.FAILED);
    }

    @Test
    void sequencesThatDecodeAtOnceAreMeasured() {
        CommandLineRun run = CommandLineRun.of(
                "bench-model", "--kernel=scalar", "--thread-counts=1", "--seconds=0.001", "--sequences=3");
        assertThat(run.exit()).as(run.err()).isZero();
        assertThat(run.out()).contains("3 at once t/s", "x one");
        CommandLineRun none = CommandLineRun.of("bench-model", "--sequences=0");
        assertThat(none.exit()).isEqualTo(ExitCode.USAGE);
        assertThat(none.err()).contains("--sequences: 0, expected 1 to 256");
    }

    @Test
    void guessesAreMeasured() {
        CommandLineRun run = CommandLineRun.of(
                "bench-model", "--kernel=scalar", "--thread-counts=1", "--seconds=0.001", "--lookup=0.6");
        assertThat(run.exit()).as(run.err()).isZero();
        assertThat(run.out()).contains("guessing t/s", "x decode");
        CommandLineRun none = CommandLineRun.of("bench-model", "--lookup=60");
        assertThat(none.exit()).isEqualTo(ExitCode.USAGE);
        assertThat(none.err()).contains("--lookup: 60.0, expected 0 to 1");
    }

    /** The embedded model has squared ReLU, and skips rows unless told otherwise. */
    @Test
    void whatIsSkippedDoesNotChangeTheText() {
        CommandLineRun whole =
                CommandLineRun.of("run", "-p", "The wolf", "-n", "12", "--temp=0", "--skip=none", "--stats");
        assertThat(whole.exit()).as(whole.err()).isZero();
        assertThat(whole.err()).contains("sparsity: nothing counted");
        for (String skip : List.of("rows", "all")) {
            CommandLineRun run =
                    CommandLineRun.of("run", "-p", "The wolf", "-n", "12", "--temp=0", "--skip=" + skip, "--stats");
            assertThat(run.out()).isEqualTo(whole.out());
            assertThat(run.err())
                    .containsPattern(
                            "sparsity: [23]\\d\\.\\d % of the gates are above 0, 1\\d\\.\\d % of the int8 inputs");
        }
        CommandLineRun json = CommandLineRun.of("run", "-p", "The wolf", "-n", "12", "--temp=0", "--json");
        JsonObject told = JsonParser.parseString(json.out()).getAsJsonObject();
        assertThat(told.get("positiveGates").getAsDouble()).isBetween(0.2, 0.5);
        assertThat(told.get("notZeroInputs").getAsDouble()).isBetween(0.05, 0.3);
    }

    @Test
    void longPromptsAreMeasured() {
        String[] fast = {"bench-model", "--kernel=scalar", "--thread-counts=1", "--seconds=0.001"};
        CommandLineRun run = CommandLineRun.of(fast[0], fast[1], fast[2], fast[3], "--prompts=3,70", "--account");
        assertThat(run.exit()).as(run.err()).isZero();
        assertThat(run.out()).contains("G multiply-adds/s", "prompt 3 ", "prompt 70 ", "decode ");
        CommandLineRun tooLong = CommandLineRun.of(fast[0], fast[1], fast[2], fast[3], "--prompts=257");
        assertThat(tooLong.exit()).isEqualTo(ExitCode.USAGE);
        assertThat(tooLong.err()).contains("--prompts: 257, expected 1 to 256");
    }

    @Test
    void oneOfAThingIsNotSeveral() {
        assertThat(Plural.of(1, "window")).isEqualTo("1 window");
        assertThat(Plural.of(0, "window")).isEqualTo("0 windows");
        assertThat(Plural.of(1024, "window")).isEqualTo("1024 windows");
    }
}
