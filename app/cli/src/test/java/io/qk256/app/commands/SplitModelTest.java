package io.qk256.app.commands;

import static org.assertj.core.api.Assertions.assertThat;

import io.qk256.gguf.GgufWriter;
import io.qk256.gguf.ValueType;
import io.qk256.testing.Fixtures;
import io.qk256.testing.GgufBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One part of a split model: every command that needs the tensors says so; inspect shows what the part contains. */
class SplitModelTest {

    @TempDir
    private Path dir;

    private Path part() throws IOException {
        GgufWriter writer = new GgufWriter();
        writer.text("general.architecture", "bitnet-b1.58");
        writer.integer("split.no", ValueType.U16, 0);
        writer.integer("split.count", ValueType.U16, 3);
        Path file = dir.resolve("part.gguf");
        writer.write(file);
        return file;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "run -p Once -m PART",
                "check PART",
                "convert PART --type qk256 -o OUT",
                "dequantize PART blk.0.attn_q.weight -o OUT"
            })
    void isNamed(String command) throws IOException {
        CommandLineRun run = CommandLineRun.of(command.replace("PART", part().toString())
                .replace("OUT", dir.resolve("out").toString())
                .split(" "));

        assertThat(run.exit()).as(run.err()).isEqualTo(ExitCode.FAILED);
        assertThat(run.err()).contains("part.gguf: this is part 1 of 3 of a split model, expected a name that ends in");
        assertThat(dir.resolve("out")).doesNotExist();
    }

    @Test
    void isShown() throws IOException {
        CommandLineRun run = CommandLineRun.of("inspect", part().toString());

        assertThat(run.exit()).as(run.err()).isZero();
        assertThat(run.out()).contains("split.count", "Only this part is shown: ", "part 1 of 3");
    }

    @Test
    void isShownAsAWhole() throws IOException {
        for (int number = 1; number <= 3; number++) {
            String name = "split-0000" + number + "-of-00003.gguf";
            Files.write(dir.resolve(name), Fixtures.bytes("families/" + name));
        }

        CommandLineRun run = CommandLineRun.of(
                "inspect", dir.resolve("split-00002-of-00003.gguf").toString());

        assertThat(run.exit()).as(run.err()).isZero();
        assertThat(run.out())
                .contains("architecture llama", "20 tensors", "a split model, shown as a whole")
                .contains("split-00001-of-00003.gguf", "split-00003-of-00003.gguf")
                .containsPattern("Q2_0 \\(type 42\\) +15 .*repacked for kernels, a scale for 64 weights");
    }

    /** Known ids in unusual sizes, unknown ids, and ids that ggml has removed. */
    @Test
    void anyTypeIsShown() throws IOException {
        for (String name : new String[] {"one-q2_0-g128-first", "one-ptq1_0-last"}) {
            Path file = Files.write(dir.resolve(name), Fixtures.bytes("groups/" + name + ".gguf"));
            CommandLineRun run = CommandLineRun.of("inspect", file.toString());
            assertThat(run.exit()).as(run.err()).isZero();
            assertThat(run.out()).contains("a scale for 128 weights");
        }
        byte[] others = GgufBuilder.header(2, 0)
                .tensor("a", 31, 0, 256)
                .tensor("b", 399, 96, 256)
                .data(160)
                .bytes();
        CommandLineRun run = CommandLineRun.of(
                "inspect", Files.write(dir.resolve("others"), others).toString());
        assertThat(run.exit()).as(run.err()).isZero();
        assertThat(run.out()).contains("type 31", "none: ggml has removed the type", "type 399", "does not know");
    }

    @ParameterizedTest
    @ValueSource(strings = {"q2_0-g64", "q2_0-g128", "pq2_0", "ptq1_0"})
    void kernelsAreCheckedOnGroups(String type) throws IOException {
        Path file = Files.write(dir.resolve("one.gguf"), Fixtures.bytes("groups/one-" + type + "-first.gguf"));

        CommandLineRun run = CommandLineRun.of("check", file.toString());

        assertThat(run.exit()).as(run.err() + run.out()).isZero();
        assertThat(run.out()).contains("is right: 4,096 weights and 16 dot products checked");
    }
}
