package io.qk256.app.commands;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
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
