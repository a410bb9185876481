package io.qk256.app.commands;

import static org.assertj.core.api.Assertions.assertThat;

import io.qk256.gguf.GgufFile;
import io.qk256.gguf.GgufWriter;
import io.qk256.gguf.TensorType;
import io.qk256.gguf.ValueType;
import io.qk256.gguf.layout.WeightFile;
import io.qk256.spi.support.OutputFile;
import io.qk256.testing.HangGuard;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InspectReportTest {

    @TempDir
    private Path dir;

    private String print(GgufWriter writer) throws IOException {
        Path path = dir.resolve("file.gguf");
        writer.write(OutputFile.of(path));
        StringWriter text = new StringWriter();
        try (GgufFile file = WeightFile.open(path)) {
            new InspectReport(file).print(new PrintWriter(text));
        }
        return text.toString();
    }

    @Test
    void aTerminalObeysNothingOfAFile() throws IOException {
        MemorySegment data = MemorySegment.ofArray(new byte[1]);
        String text = print(new GgufWriter()
                .text("k", "a\u001b[31mred\nnext \u202ereversed")
                .texts("words", List.of("\u0007bell"))
                .tensor("t\u202e", TensorType.I8, List.of(1L), data));

        assertThat(text)
                .contains("a\\u001b[31mred\\u000anext \\u202ereversed")
                .contains("t\\u202e")
                .doesNotContain("\u001b", "\u202e", "\u0007");
    }

    @Test
    void longValuesAreCut() throws IOException {
        String text = print(
                new GgufWriter().text("k", "x".repeat(1000)).integers("n", ValueType.I32, 1, 2, 3, 4, 5, 6, 7, 8, 9));

        assertThat(text)
                .contains(" " + "x".repeat(100) + "... (1000 characters)")
                .contains("9: [1, 2, 3, 4, 5, 6, 7, 8, ...]");
    }

    @Test
    void manyKeysTakeLittleTime() {
        GgufWriter writer = new GgufWriter();
        for (int i = 0; i < 200_000; i++) {
            writer.bool("k" + i, true);
        }
        String text = HangGuard.ends(() -> print(writer));

        assertThat(text.lines().filter(line -> line.startsWith("k"))).hasSize(200_001);
    }
}
