package io.qk256.app.commands;

import static org.assertj.core.api.Assertions.assertThat;

import io.qk256.testing.Fuzz;
import io.qk256.testing.Fuzz.Outcome;
import io.qk256.testing.GoodFiles;
import io.qk256.testing.Mutations;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The file commands on damaged files: success or a reason, never a bug of the program itself. */
class CommandsFuzzTest {

    @TempDir
    private Path dir;

    @Test
    void damagedFilesGiveAReason() {
        List<Mutations> files = GoodFiles.all().stream().map(Mutations::new).toList();
        String file = dir.resolve("mutated.gguf").toString();
        String out = dir.resolve("out").toString();
        String[][] commands = {
            {"inspect", file},
            {"inspect", "--json", file},
            {"dequantize", file, "many", "-o", out},
            {"dequantize", file, "q6_k", "-o", out},
            {"dequantize", file, "groups/ptq1_0", "-o", out},
            {"convert", file, "--type=pq2_0", "-o", out},
            {"convert", file, "--type=tq1_0", "--round-scales", "-o", out},
            {"convert", file, "--type=qk256", "-o", out},
            {"convert", file, "--type=tq2_0", "-o", out},
            {"convert", file, "--type=i2_s", "--i2s-layout=rows4", "-o", out},
        };
        Fuzz.run("of commands on files", 300, random -> {
            Files.write(Path.of(file), files.get(random.nextInt(files.size())).next(random));
            ByteArrayOutputStream err = new ByteArrayOutputStream();
            int code = run(commands[random.nextInt(commands.length)], err);
            String told = err.toString(StandardCharsets.UTF_8);
            assertThat(code).as(told).isBetween(ExitCode.OK, ExitCode.USAGE);
            assertThat(told).doesNotContain("-v shows where");
            if (code == ExitCode.OK) {
                return Outcome.ACCEPTED;
            }
            assertThat(told).startsWith("qk256: " + dir);
            return Outcome.REFUSED;
        });
    }

    private static int run(String[] command, ByteArrayOutputStream err) {
        Terminal terminal = Terminal.of(InputStream.nullInputStream(), OutputStream.nullOutputStream(), err);
        return Qk256Command.run(terminal, command);
    }
}
