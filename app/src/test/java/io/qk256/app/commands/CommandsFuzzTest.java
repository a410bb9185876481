package io.qk256.app.commands;

import static org.assertj.core.api.Assertions.assertThat;

import io.qk256.app.files.Mutations;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands for files, on damaged ones: success or a reason, and never a failure of the program itself. */
class CommandsFuzzTest {

    /** Each is several files read, and some written. */
    private static final int COUNT = Mutations.COUNT / 10;

    @TempDir
    private Path dir;

    @Test
    void damagedFilesGiveAReason() throws IOException {
        Mutations mutations = new Mutations();
        String file = dir.resolve("mutated.gguf").toString();
        String out = dir.resolve("out").toString();
        String[][] commands = {
            {"inspect", file},
            {"inspect", "--json", file},
            {"dequantize", file, "many", "-o", out},
            {"dequantize", file, "q6_k", "-o", out},
            {"convert", file, "--type=qk256", "-o", out},
            {"convert", file, "--type=tq2_0", "-o", out},
            {"convert", file, "--type=i2_s", "--i2s-layout=rows4", "-o", out},
        };
        int succeeded = 0;
        int refused = 0;
        for (int i = 0; i < COUNT; i++) {
            Files.write(Path.of(file), mutations.next());
            for (String[] command : commands) {
                String label = String.join(" ", command) + ", mutation " + i + " of seed " + Mutations.SEED;
                ByteArrayOutputStream err = new ByteArrayOutputStream();
                int code = run(command, err);
                String told = err.toString(StandardCharsets.UTF_8);
                assertThat(code).as(label + told).isBetween(ExitCode.OK, ExitCode.USAGE);
                assertThat(told).as(label).doesNotContain("-v shows where");
                if (code == ExitCode.OK) {
                    succeeded++;
                } else {
                    assertThat(told).as(label).startsWith("qk256: " + dir);
                    refused++;
                }
            }
        }
        assertThat(succeeded).as("successes").isPositive();
        assertThat(refused).as("refusals").isPositive();
    }

    private static int run(String[] command, ByteArrayOutputStream err) {
        Terminal terminal = Terminal.of(InputStream.nullInputStream(), OutputStream.nullOutputStream(), err);
        return Qk256Command.run(terminal, command);
    }
}
