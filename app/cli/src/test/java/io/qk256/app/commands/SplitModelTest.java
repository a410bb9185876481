package io.qk256.app.commands;

import static org.assertj.core.api.Assertions.assertThat;

import io.qk256.gguf.GgufWriter;
import io.qk256.gguf.ValueType;
import java.io.IOException;
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
        assertThat(run.err()).contains("part.gguf: this is part 1 of 3 of a split model, expected a single file");
        assertThat(dir.resolve("out")).doesNotExist();
    }

    @Test
    void isShown() throws IOException {
        CommandLineRun run = CommandLineRun.of("inspect", part().toString());

        assertThat(run.exit()).as(run.err()).isZero();
        assertThat(run.out()).contains("split.count");
    }
}
