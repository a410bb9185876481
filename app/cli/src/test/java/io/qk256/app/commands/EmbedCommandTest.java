package io.qk256.app.commands;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.qk256.testing.Fixtures;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Vectors of texts by the command, with the small embedding model. */
class EmbedCommandTest {

    private static final int WIDTH = 128;

    @TempDir
    private Path dir;

    private String model = "";

    @BeforeEach
    void write() throws IOException {
        model = Files.write(dir.resolve("embed.gguf"), Fixtures.bytes("/fixtures/families/embed.gguf"))
                .toString();
    }

    private static List<JsonObject> lines(CommandLineRun run) {
        assertThat(run.exit()).as(run.err()).isZero();
        return run.out()
                .lines()
                .map(line -> JsonParser.parseString(line).getAsJsonObject())
                .toList();
    }

    private static float[] vector(JsonObject line) {
        JsonArray numbers = line.getAsJsonArray("embedding");
        float[] vector = new float[numbers.size()];
        for (int i = 0; i < vector.length; i++) {
            vector[i] = numbers.get(i).getAsFloat();
        }
        return vector;
    }

    @Test
    void eachArgumentOrLineIsAText() {
        List<JsonObject> arguments = lines(CommandLineRun.of("embed", "-m", model, "one text", "another", "one text"));
        assertThat(arguments).hasSize(3);
        assertThat(arguments.get(2).get("index").getAsInt()).isEqualTo(2);
        assertThat(arguments.get(1).get("tokens").getAsInt())
                .as("with the token that ends a text")
                .isBetween(2, 8);
        float[] first = vector(arguments.get(0));
        assertThat(first).hasSize(WIDTH).isEqualTo(vector(arguments.get(2)));
        assertThat(first).isNotEqualTo(vector(arguments.get(1)));
        double squares = 0;
        for (float value : first) {
            squares += value * value;
        }
        assertThat(squares).isBetween(1 - 1e-5, 1 + 1e-5);

        List<JsonObject> piped =
                lines(CommandLineRun.withInput("one text\nanother\r\none text\n", "embed", "-m", model));
        assertThat(piped).isEqualTo(arguments);
    }

    @Test
    void poolingIsThatOfTheFileUnlessChosen() {
        float[] ofFile =
                vector(lines(CommandLineRun.of("embed", "-m", model, "a text")).getFirst());
        assertThat(pooled("mean")).isEqualTo(ofFile);
        assertThat(pooled("last")).isNotEqualTo(ofFile);
        assertThat(pooled("first")).isNotEqualTo(ofFile).isNotEqualTo(pooled("last"));
    }

    @Test
    void textsAreBroughtToNormalFormOnRequestOnly() {
        String apart = "cafe\u0301"; // An accent of its own.
        float[] composed = vector(
                lines(CommandLineRun.of("embed", "-m", model, "caf\u00e9")).getFirst());
        assertThat(vector(lines(CommandLineRun.of("embed", "-m", model, apart)).getFirst()))
                .isNotEqualTo(composed);
        assertThat(vector(lines(CommandLineRun.of("embed", "-m", model, "--nfc", apart))
                        .getFirst()))
                .isEqualTo(composed);
    }

    @Test
    void itsTextWouldBeMeaningless() {
        refused("gives vectors of texts (its qwen3.pooling_type says so)", "run", "-m", model, "-p", "a text");
    }

    private float[] pooled(String pooling) {
        return vector(lines(CommandLineRun.of("embed", "-m", model, "--pooling", pooling, "a text"))
                .getFirst());
    }

    @Test
    void vectorsAreWrittenForNumPy() throws IOException {
        Path out = dir.resolve("out.npy");
        CommandLineRun run = CommandLineRun.of("embed", "-m", model, "-o", out.toString(), "a text", "another");
        assertThat(run.exit()).as(run.err()).isZero();
        assertThat(run.out()).isEmpty();
        assertThat(run.err()).contains("2x128 f32");
        byte[] bytes = Files.readAllBytes(out);
        assertThat(new String(bytes, 0, 128, StandardCharsets.ISO_8859_1)).contains("'shape': (2, 128), }");
        ByteBuffer values = ByteBuffer.wrap(bytes, 128, WIDTH * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (float expected : pooled("mean")) {
            assertThat(values.getFloat()).isEqualTo(expected);
        }
    }

    @Test
    void whatCannotBeEmbeddedIsToldWithARemedy() {
        refused("does not say how the tokens of a text become one vector", "embed", "a text");
        refused("add --pooling mean, first or last", "embed", "a text");
        assertThat(lines(CommandLineRun.of("embed", "--pooling=mean", "a text")))
                .hasSize(1);
        refused("there is no text; give texts", "embed", "-m", model);
        refused(
                "text 1 (the first is 0): 601 tokens, expected 1 to 256",
                "embed",
                "-m",
                model,
                "short",
                "\u00e9".repeat(300));
        refused("--pooling", "embed", "-m", model, "--pooling=cls", "a text");
        refused("embed.gguf", "embed", "-m", model, "-o", model, "a text");
    }

    private static void refused(String message, String... arguments) {
        CommandLineRun run = CommandLineRun.of(arguments);
        assertThat(run.exit()).as(run.err()).isEqualTo(ExitCode.USAGE);
        assertThat(run.err()).contains(message);
    }
}
