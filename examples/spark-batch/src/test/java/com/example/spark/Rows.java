package com.example.spark;

import io.qk256.gguf.GgufFile;
import io.qk256.gguf.Progress;
import io.qk256.gguf.convert.Conversion;
import io.qk256.gguf.layout.WeightFile;
import io.qk256.spi.support.OutputFile;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A table of texts, some of which cannot be computed, and the small model of the project as a file that can be mapped. */
final class Rows {

    private static final Path TALES = Path.of(System.getProperty("tales"));

    /** The rows that must have an error, with part of it. */
    static final List<String> ERRORS = List.of(
            "\"key\":\"half\".*\"error\":\"the text has half of a surrogate pair at character 6\"",
            "\"key\":\"long\".*\"error\":\"[^\"]* tokens, expected [^\"]*",
            "\"key\":\"none\".*\"error\":\"the text is null\"",
            "\"key\":\"null\".*\"error\":\"the text is null\"",
            "\"key\":\"object\".*\"error\":\"text is an object, expected a string\"",
            "^\\{\"tokens\":0.*\"error\":\"JSON has U\\+006e 'n' at character 0, expected a value\"",
            "^\\{\"tokens\":0.*\"error\":\"the key is null\"",
            "^\\{\"tokens\":0.*\"error\":\"the line is not UTF-8: 0xff at byte 22\"");

    private Rows() {}

    /** Writes so many lines of tales, with broken ones among them. */
    static Path write(Path file, int count) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        List<String> broken = List.of(
                "{\"key\":\"half\",\"text\":\"A fox \\ud83d\"}",
                "{\"key\":\"long\",\"text\":\"" + "fox ".repeat(400) + "\"}",
                "{\"key\":\"none\"}",
                "{\"key\":\"null\",\"text\":null}",
                "{\"key\":\"object\",\"text\":{}}",
                "not JSON",
                "{\"text\":\"A row without a key\"}",
                "{\"key\":\"ff\",\"text\":\"A \u00ff\"}");
        List<String> texts = texts(count);
        for (int i = 0; i < count; i++) {
            if (i % 7 == 3 && i / 7 < broken.size()) {
                out.write(broken.get(i / 7).getBytes(StandardCharsets.ISO_8859_1));
                out.write('\n');
            }
            String text = texts.get(i).replace("\\", "\\\\").replace("\"", "\\\"");
            out.write(("{\"key\":" + i + ",\"text\":\"" + text + "\"}\n").getBytes(StandardCharsets.UTF_8));
        }
        return Files.write(file, out.toByteArray());
    }

    static List<String> texts(int count) throws IOException {
        List<String> lines = Files.readAllLines(TALES).stream()
                .filter(line -> line.length() > 20)
                .map(line -> line.substring(0, Math.min(line.length(), 200)))
                .toList();
        return java.util.stream.IntStream.range(0, count)
                .mapToObj(i -> lines.get(i % lines.size()))
                .toList();
    }

    /** The small model, converted so that it can be mapped. */
    static Path model(Path directory) throws IOException {
        Path path = directory.resolve("model.qk256.gguf");
        try (GgufFile file = WeightFile.open(Path.of(System.getProperty("model")))) {
            Conversion.convert(file, OutputFile.of(path), Conversion.Target.QK256, false, 1, Progress.NONE);
        }
        return path;
    }
}
