package io.qk256.app.commands;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Output files: one that cannot be written is reported before the work, and an input file is never overwritten. */
class OutputsTest {

    @TempDir
    private Path dir;

    private String model = "";

    @BeforeEach
    void copyModel() throws IOException {
        Path file = dir.resolve("model.gguf");
        try (InputStream in =
                Objects.requireNonNull(OutputsTest.class.getResourceAsStream("/io/qk256/app/check/demo-i2_s.gguf"))) {
            Files.copy(in, file);
        }
        model = file.toString();
    }

    /** Measuring prints progress on standard error, so one line means that nothing was measured. */
    @Test
    void whatCannotBeWrittenIsToldBeforeTheWork() {
        String absent = dir.resolve("absent").toString();
        for (String command : List.of(
                "bench --plot " + absent + "/x.svg",
                "bench --save x --dir " + model,
                "bench-model --plot " + absent + "/x.svg",
                "convert " + model + " --type qk256 -o " + absent + "/x.gguf",
                "dequantize " + model + " blk.0.attn_q.weight -o " + absent + "/x.npy")) {
            CommandLineRun run = CommandLineRun.of(command.split(" "));
            assertThat(run.exit()).as(run.err()).isEqualTo(ExitCode.FAILED);
            assertThat(run.err()).startsWith("qk256: " + dir).contains(": cannot be written: ");
            assertThat(run.err().lines()).hasSize(1);
            assertThat(run.out()).isEmpty();
        }
    }

    /** What took minutes to measure is not lost because the disk is full in the end. */
    @Test
    void aChartThatFailsLosesNoTable() {
        assumeTrue(Files.exists(Path.of("/dev/full")), "there is no /dev/full");
        CommandLineRun run = CommandLineRun.of(
                "bench-model", "--kernels=scalar", "--thread-counts=1", "--seconds=0.001", "--plot=/dev/full");
        assertThat(run.exit()).as(run.err()).isEqualTo(ExitCode.FAILED);
        assertThat(run.out()).contains("prompt t/s").containsPattern("(?m)^scalar +1 ");
        assertThat(run.err()).contains("/dev/full");
    }

    @Test
    void whatIsReadIsNotWritten() throws IOException {
        byte[] before = Files.readAllBytes(Path.of(model));
        Path symbolic = Files.createSymbolicLink(dir.resolve("symbolic"), Path.of("model.gguf"));
        Path hard = Files.createLink(dir.resolve("hard"), Path.of(model));
        for (Path output : List.of(Path.of(model), symbolic, hard)) {
            for (String command : List.of(
                    "convert " + model + " --type qk256 -o " + output,
                    "dequantize " + model + " blk.0.attn_q.weight -o " + output,
                    "bench-model -m " + model + " --plot " + output)) {
                CommandLineRun run = CommandLineRun.of(command.split(" "));
                assertThat(run.exit()).as(run.err()).isEqualTo(ExitCode.USAGE);
                assertThat(run.err()).contains("is the file to read", "expected another one to write");
                assertThat(run.err().lines()).hasSize(1);
            }
        }
        assertThat(Path.of(model)).hasBinaryContent(before);
    }

    @Test
    void aDashIsNoFile() throws IOException {
        CommandLineRun run = CommandLineRun.of("bench-model", "--plot", "-");
        assertThat(run.exit()).isEqualTo(ExitCode.USAGE);
        assertThat(run.err()).contains("standard output cannot be used here");
        try (Stream<Path> files = Files.list(Path.of(""))) {
            assertThat(files).doesNotContain(Path.of("-"));
        }
    }
}
