package io.qk256.app.commands;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.Strictness;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The output of commands for programs is JSON, for every value. */
class JsonTest {

    private static final Gson STRICT =
            new GsonBuilder().setStrictness(Strictness.STRICT).create();

    @TempDir
    private Path dir;

    @Test
    void numbersThatItDoesNotKnowAreNull() {
        JsonObject object = new JsonObject();
        object.addProperty("nan", Double.NaN);
        object.addProperty("infinity", Float.NEGATIVE_INFINITY);
        object.addProperty("large", BigInteger.TWO.pow(2000));
        object.addProperty("one", 1.5);
        JsonArray array = new JsonArray();
        array.add(Double.POSITIVE_INFINITY);
        object.add("array", array);
        JsonObject read = parse(Json.text(object));
        assertThat(read.get("nan").isJsonNull()).isTrue();
        assertThat(read.get("infinity").isJsonNull()).isTrue();
        assertThat(read.get("large").getAsBigInteger()).isEqualTo(BigInteger.TWO.pow(2000));
        assertThat(read.get("one").getAsDouble()).isEqualTo(1.5);
        assertThat(read.getAsJsonArray("array").get(0).isJsonNull()).isTrue();
    }

    @Test
    void textIsExactAndNothingForATerminal() {
        String text = HostileFile.TEXT + "\udb40\udc01 <&'\"\\ \u2028";
        JsonObject object = new JsonObject();
        object.addProperty(text, text);
        String json = Json.text(object);
        assertThat(parse(json).get(text).getAsString()).isEqualTo(text);
        JsonObject half = new JsonObject();
        half.addProperty("text", "\ud83d");
        assertThat(parse(Json.text(half)).get("text").getAsString()).isEqualTo("\ufffd");
        assertThat(json).doesNotContain("\u001b", "\u0007", "\u202e", "\u009b", "\r");
    }

    @Test
    void ofEveryCommand() throws Exception {
        String file = HostileFile.withHostileNames(dir.resolve("m.gguf"), "bitnet-b1.58")
                .toString();
        String text = Files.writeString(dir.resolve("text"), "Once upon a time").toString();
        assertThat(parse("kernels", "--json").get("kernels").getAsJsonArray()).isNotEmpty();
        JsonObject explained = parse("explain", "scalar", "--json");
        assertThat(explained.get("gates").getAsJsonArray()).hasSizeGreaterThan(5);
        assertThat(explained.get("name").getAsString()).isEqualTo("scalar");
        assertThat(parse("inspect", "--json", file).get("keys").toString()).contains("owned");
        assertThat(parse("run", "--json", "-p", "fox", "-n", "1").get("prompt").getAsString())
                .isEqualTo("fox");
        assertThat(parse("run", "--json", "-n", "1")
                        .get("decodeTokensPerSecond")
                        .isJsonNull())
                .as("one token comes from the prompt alone: there is no speed")
                .isTrue();
        JsonObject perplexity = parse("perplexity", "--json", "-f", text);
        assertThat(perplexity.get("windows").getAsInt()).isEqualTo(1);
        assertThat(perplexity.get("low").isJsonNull())
                .as("one window has no interval")
                .isTrue();
        assertThat(parse("bench-model", "--json", "--kernels=scalar", "--thread-counts=1", "--seconds=0.001")
                        .get("rows")
                        .getAsJsonArray())
                .hasSize(1);
        assertThat(parse("check", "--json").get("passed").getAsBoolean()).isTrue();
    }

    private static JsonObject parse(String first, String... more) {
        if (more.length == 0) {
            return STRICT.fromJson(first, JsonElement.class).getAsJsonObject();
        }
        String[] all = new String[more.length + 1];
        all[0] = first;
        System.arraycopy(more, 0, all, 1, more.length);
        CommandLineRun run = CommandLineRun.of(all);
        assertThat(run.exit()).as(run.err()).isZero();
        return parse(run.out());
    }
}
