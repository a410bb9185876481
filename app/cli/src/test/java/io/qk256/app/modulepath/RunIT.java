package io.qk256.app.modulepath;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.qk256.app.modulepath.Application.Result;
import io.qk256.testing.Effort;
import io.qk256.testing.LongTest;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The model commands of the packaged application. */
class RunIT {

    @TempDir
    private Path dir;

    private Path resource(String name) throws IOException {
        try (InputStream in = Objects.requireNonNull(RunIT.class.getResourceAsStream(name), name)) {
            return Files.write(dir.resolve(Path.of(name).getFileName()), in.readAllBytes());
        }
    }

    private static Result run(String... arguments) throws Exception {
        return Application.complete().run(arguments);
    }

    private static Result runs(String... arguments) throws Exception {
        Result result = run(arguments);
        assertThat(result.exit()).as(result.err()).isZero();
        return result;
    }

    private static void fails(int exit, String message, String... arguments) throws Exception {
        Result result = run(arguments);
        assertThat(result.exit()).as(result.err()).isEqualTo(exit);
        assertThat(result.err()).contains(message).doesNotContain("\tat ");
        assertThat(result.out()).isEmpty();
    }

    private static List<String> usableKernels() throws Exception {
        Result table = Application.complete().optimizing().run("kernels", "--json");
        JsonArray kernels =
                JsonParser.parseString(table.out()).getAsJsonObject().getAsJsonArray("kernels");
        List<String> usable = new ArrayList<>();
        kernels.forEach(kernel -> {
            JsonObject one = kernel.getAsJsonObject();
            if (List.of("selected", "usable").contains(one.get("state").getAsString())) {
                usable.add(one.get("name").getAsString());
            }
        });
        return usable;
    }

    @Test
    void withoutOptionsItTellsATale() throws Exception {
        Result tale = runs("run");
        assertThat(tale.out()).startsWith("Once upon a time").hasSizeGreaterThan(40);
        assertThat(tale.err())
                .containsPattern("threads?, head 8 bits \\| prompt \\d+ tokens, [0-9.]+ t/s"
                        + " \\| decode \\d+ tokens, [0-9.]+ t/s \\| weights [0-9.]+ GB/s \\| seed \\d+");
        String seed = tale.err().strip().replaceFirst("(?s).*seed ", "");
        assertThat(runs("run", "--seed=" + seed).out()).isEqualTo(tale.out());
    }

    @Test
    void aSeedGivesTheSameTextWithEveryKernelAndAnyNumberOfThreads() throws Exception {
        List<String> kernels = usableKernels();
        assertThat(kernels).contains("scalar");
        String tokens = Effort.isLong() ? "60" : "30";
        List<String> counts = Effort.isLong() ? List.of("1", "3") : List.of("3");
        String[] common = {"run", "-p", "The old fox", "-n", tokens, "--seed=7", "--temp=1", "--repeat-penalty=1.1"};
        String expected = runs(with(common, "--kernel=scalar", "--threads=1")).out();
        assertThat(expected).startsWith("The old fox").hasSizeGreaterThan(50);
        for (String kernel : kernels) {
            for (String threads : counts) {
                Result result = Application.complete()
                        .optimizing()
                        .run(with(common, "--kernel=" + kernel, "--threads=" + threads));
                assertThat(result.exit()).as(result.err()).isZero();
                assertThat(result.out()).as("%s, %s threads", kernel, threads).isEqualTo(expected);
                assertThat(result.err()).contains(kernel + ", " + threads + " thread");
            }
        }
        assertThat(runs(with(common, "--seed=8")).out()).isNotEqualTo(expected);
    }

    private static String[] with(String[] common, String... more) {
        return Stream.concat(
                        Arrays.stream(common)
                                .filter(option -> !more[0].startsWith("--seed") || !option.startsWith("--seed")),
                        Arrays.stream(more))
                .toArray(String[]::new);
    }

    @Test
    void readsAPromptAndAModelFromFiles() throws Exception {
        Path prompt = Files.writeString(dir.resolve("prompt.txt"), "“Good morning,” said the fox");
        String model = resource("/io/qk256/app/check/demo-tq2_0.gguf").toString();
        String text = runs("run", "-m", model, "-f", prompt.toString(), "-n", "12", "--temp=0")
                .out();
        assertThat(text).startsWith("“Good morning,” said the fox").hasSizeGreaterThan(40);
        String embedded =
                runs("run", "-f", prompt.toString(), "-n", "12", "--temp=0").out();
        assertThat(embedded)
                .as("the embedded model has the same weights in another packing")
                .isEqualTo(text);
        String cached = runs("run", "-m", model, "--cache", "-f", prompt.toString(), "-n", "12", "--temp=0")
                .out();
        assertThat(cached).isEqualTo(text);
        assertThat(dir.resolve("demo-tq2_0.qk256-cache.gguf")).exists();
        assertThat(runs("run", "-p", "A", "-n", "1", "--head=f16").err())
                .contains("head F16 | prompt 2 tokens", "decode 0 tokens | seed");
    }

    @Test
    void aScreenedHeadWritesTheSameTextAndSaysWhatItRead() throws Exception {
        String[] arguments = {"run", "-p", "The fox", "-n", "12", "--top-k=4", "--seed=3", "--head=screened"};
        Result screened = runs(arguments);
        assertThat(screened.err()).containsPattern("screened [0-9]+ tokens by [0-9]+ of 1024 rows, fell back for ");
        arguments[arguments.length - 1] = "--head=q8";
        assertThat(runs(arguments).out()).isEqualTo(screened.out());
        arguments[arguments.length - 1] = "--head=screened";
        JsonObject json =
                JsonParser.parseString(runs(append(arguments, "--json")).out()).getAsJsonObject();
        long tokens = json.get("screenedTokens").getAsLong()
                + json.get("screeningFallbacks").getAsLong()
                + json.get("fullHeadReadings").getAsLong();
        assertThat(tokens).isEqualTo(12);
        assertThat(json.get("rowsReadForScreenedTokens").getAsLong())
                .isBetween(128L, 512 * json.get("screenedTokens").getAsLong());
    }

    private static String[] append(String[] arguments, String last) {
        String[] all = Arrays.copyOf(arguments, arguments.length + 1);
        all[arguments.length] = last;
        return all;
    }

    @Test
    void mappedWeightsWriteTheTextOfTheStoredHead() throws Exception {
        String model = resource("/io/qk256/app/check/demo-tq2_0.gguf").toString();
        fails(1, "expected QK256, which kernels read in place", "run", "-m", model, "--mapped", "-p", "A");
        String converted = dir.resolve("qk256.gguf").toString();
        runs("convert", model, "-o", converted, "--type", "qk256");
        Result mapped = runs("run", "-m", converted, "--mapped", "-p", "The fox", "-n", "12", "--temp=0");
        assertThat(mapped.err()).contains("head F16 |");
        assertThat(mapped.out())
                .isEqualTo(runs("run", "-m", model, "--head=stored", "-p", "The fox", "-n", "12", "--temp=0")
                        .out());
    }

    @Test
    void chatsWithAPipe() throws Exception {
        Path said = Files.writeString(dir.resolve("said.txt"), "Once there was a fox\n\nThe wolf said\n");
        Result chat = Application.complete().input(said).run("run", "--chat", "-n", "8", "--seed=3");
        assertThat(chat.exit()).as(chat.err()).isZero();
        assertThat(chat.out().lines().filter(line -> !line.isBlank()).count()).isGreaterThanOrEqualTo(2);
        assertThat(chat.out()).doesNotContain("> ");
        assertThat(chat.err()).contains("| decode 14 tokens");
    }

    @Test
    void oldMessagesAreForgottenAndTooLongOnesRefused() throws Exception {
        String line = "There was once a king who had a daughter, and she was the fairest in the land. ";
        String lines = (line.repeat(3).strip() + "\n").repeat(4) + line.repeat(20) + "\n" + "The end came\n";
        Path said = Files.writeString(dir.resolve("said.txt"), lines);
        Result chat = Application.complete().input(said).run("run", "--chat", "-n", "4", "--seed=3");
        assertThat(chat.exit()).as(chat.err()).isZero();
        assertThat(chat.err())
                .containsPattern("the oldest \\d+ messages are forgotten")
                .containsPattern("the message needs \\d+ tokens, expected at most 252");
    }

    @LongTest
    @Test
    void saysThatTheContextIsFull() throws Exception {
        Path prompt = Files.writeString(dir.resolve("prompt.txt"), "fox ".repeat(120));
        Result full = runs("run", "-f", prompt.toString(), "--temp=0");
        assertThat(full.err()).contains("(the model's context of 256 tokens is full)");
        Result goesOn = runs("run", "-f", prompt.toString(), "--temp=0", "-n", "300", "--when-full=forget-oldest");
        assertThat(goesOn.err())
                .containsPattern("\\(the model's context of 256 tokens was full: \\d+ old tokens forgotten\\)")
                .doesNotContain("is full");
        assertThat(goesOn.out())
                .startsWith(full.out().strip())
                .hasSizeGreaterThan(full.out().length());
        Files.writeString(prompt, "fox ".repeat(400));
        fails(2, "tokens, expected 1 to 256, the context; shorten it", "run", "-f", prompt.toString());
    }

    /** {@code WrongUsageTest} has many more, without a process for each. */
    @Test
    void wrongUsageAndBrokenFilesAreNamed() throws Exception {
        fails(2, "mutually exclusive", "run", "-p", "a", "--chat");
        byte[] model = Files.readAllBytes(resource("/io/qk256/app/check/demo-i2_s.gguf"));
        Path cut = Files.write(dir.resolve("cut.gguf"), Arrays.copyOf(model, model.length - 5000));
        fails(1, "cut.gguf", "run", "-m", cut.toString());
    }

    @LongTest
    @Test
    void perplexityOfTalesThatTheModelDoesNotKnow() throws Exception {
        String text = resource("/fixtures/model/demo_heldout.txt").toString();
        JsonObject result = JsonParser.parseString(
                        runs("perplexity", "-f", text, "--windows=10", "--json").out())
                .getAsJsonObject();
        assertThat(result.get("windows").getAsInt()).isEqualTo(10);
        assertThat(result.get("tokens").getAsInt()).isBetween(2000, 2560);
        double perplexity = result.get("perplexity").getAsDouble();
        assertThat(perplexity)
                .isBetween(result.get("low").getAsDouble(), result.get("high").getAsDouble());
        assertThat(perplexity).isCloseTo(Math.exp(result.get("natsPerToken").getAsDouble()), within(1e-9));
        assertThat(runs("perplexity", "-f", text, "--windows=1").out())
                .containsPattern(
                        "^perplexity [0-9.]+ \\(no interval: one window\\), [0-9.]+ nats per token; 256 tokens");
        fails(2, "--window: 257, expected 1 to 256", "perplexity", "-f", text, "--window=257");
    }

    @LongTest
    @Test
    void theSpeedOfAModelIsMeasuredAndDrawn() throws Exception {
        Path picture = dir.resolve("speed.svg");
        Result result = runs(
                "bench-model",
                "--kernels=scalar",
                "--thread-counts=1,2",
                "--seconds=0.01",
                "--heads=q8,screened",
                "--json",
                "--plot=" + picture);
        JsonObject all = JsonParser.parseString(result.out()).getAsJsonObject();
        assertThat(all.getAsJsonArray("screened")).as("1, 40 and 256 tokens").hasSize(6);
        JsonArray rows = all.getAsJsonArray("rows");
        assertThat(rows).hasSize(4);
        JsonObject row = rows.get(1).getAsJsonObject();
        assertThat(row.get("threads").getAsInt()).isEqualTo(2);
        assertThat(row.get("promptTokensPerSecond").getAsDouble()).isPositive();
        double decode = row.get("decodeTokensPerSecond").getAsDouble();
        double bytes = row.get("bytesPerToken").getAsDouble();
        // 4,718,592 weights of 2 bits, and a head of 1024 x 256 8-bit weights with an f16 scale per 32.
        assertThat(bytes).isEqualTo(4_718_592 / 4.0 + 1024 * 256 * 34 / 32.0);
        assertThat(row.get("partOfReading").getAsDouble())
                .isCloseTo(decode * bytes / row.get("readBytesPerSecond").getAsDouble(), within(1e-9));
        assertThat(Files.readString(picture)).startsWith("<svg ").contains("scalar, 2 threads, head 8 bits");
    }
}
