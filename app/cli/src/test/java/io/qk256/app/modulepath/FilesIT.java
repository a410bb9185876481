package io.qk256.app.modulepath;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.qk256.app.modulepath.Application.Result;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The GGUF file commands of the packaged application. */
class FilesIT {

    @TempDir
    private Path dir;

    private Path fixture(String resource) throws IOException {
        try (InputStream in = Objects.requireNonNull(FilesIT.class.getResourceAsStream(resource), resource)) {
            return Files.write(dir.resolve(Path.of(resource).getFileName()), in.readAllBytes());
        }
    }

    private Path demo(String type) throws IOException {
        return fixture("/io/qk256/app/check/demo-" + type + ".gguf");
    }

    private static Result run(String... arguments) throws Exception {
        return Application.complete().run(arguments);
    }

    private static void fails(int exit, String message, String... arguments) throws Exception {
        Result result = run(arguments);
        assertThat(result.exit()).as(result.err()).isEqualTo(exit);
        assertThat(result.err()).contains(message).doesNotContain("\tat ");
    }

    @Test
    void inspectShowsKeysAndTensors() throws Exception {
        Result tables = run("inspect", demo("i2_s").toString());
        assertThat(tables.exit()).as(tables.err()).isZero();
        assertThat(tables.out())
                .contains("demo-i2_s.gguf: GGUF version 3, architecture bitnet-b1.58, 24 keys, 68 tensors")
                .containsPattern("(?m)^bitnet-b1.58.block_count +u32 +6$")
                .containsPattern("(?m)^tokenizer.ggml.tokens +array of string +1024: \\[.*, \\.\\.\\.\\]$")
                .containsPattern("(?m)^blk.0.ffn_gate.weight +I2_S +768x256 +49,184$")
                .containsPattern("(?m)^I2_S \\(type 36\\) +42 +1,180,992 +repacked for kernels$")
                .containsPattern("(?m)^F16 \\(type 1\\) +1 +524,288 +read as f32$");

        JsonObject json = JsonParser.parseString(run(
                                "inspect",
                                "--json",
                                fixture("/fixtures/gguf_allkv.gguf").toString())
                        .out())
                .getAsJsonObject();
        assertThat(json.keySet()).containsExactly("file", "version", "architecture", "alignment", "keys", "tensors");
        assertThat(json.getAsJsonArray("keys")).hasSize(20);
        assertThat(json.getAsJsonArray("keys")
                        .get(8)
                        .getAsJsonObject()
                        .get("value")
                        .getAsBigInteger())
                .hasToString("18000000000000000000");
        JsonObject tensor = json.getAsJsonArray("tensors").get(2).getAsJsonObject();
        assertThat(tensor.keySet()).containsExactly("name", "type", "dims", "bytes", "use");
        assertThat(tensor.get("type").getAsString()).isEqualTo("TQ2_0");
    }

    @Test
    void dequantizeWritesFloats() throws Exception {
        Path out = dir.resolve("f32.npy");
        Result result =
                run("dequantize", fixture("/fixtures/gguf_allkv.gguf").toString(), "f32.7", "-o", out.toString());
        assertThat(result.exit()).as(result.err()).isZero();
        assertThat(result.err()).contains("1x7 f32 of f32.7, F32 (type 0)");
        byte[] npy = Files.readAllBytes(out);
        ByteBuffer values = ByteBuffer.wrap(Arrays.copyOfRange(npy, npy.length - 28, npy.length));
        assertThat(values.order(ByteOrder.LITTLE_ENDIAN).getFloat(20)).isEqualTo(-6);

        fails(
                2,
                "there is no tensor 'f33'",
                "dequantize",
                dir.resolve("gguf_allkv.gguf").toString(),
                "f33",
                "-o",
                "x");
    }

    @Test
    void convertedFilesAreTheSameModel() throws Exception {
        Path i2s = demo("i2_s");
        Path stored = dir.resolve("stored.gguf");
        Path tq2 = dir.resolve("tq2.gguf");
        Result first = run("convert", i2s.toString(), "-o", stored.toString(), "--type=qk256");
        assertThat(first.exit()).as(first.err()).isZero();
        assertThat(first.err()).contains("42 tensors converted, 26 copied");
        assertThat(run("convert", stored.toString(), "-o", tq2.toString(), "--type=tq2_0")
                        .exit())
                .isZero();
        assertThat(tq2).hasSameBinaryContentAs(demo("tq2_0"));
        Result check = run("check", stored.toString());
        assertThat(check.exit()).as(check.err()).isZero();
        assertThat(run("inspect", stored.toString()).out()).containsPattern("QK256 +42 +[\\d,]+ +kernels take it");
    }

    /** Linux has a device that is always full. */
    @Test
    void outputThatIsLostIsAFailure() throws Exception {
        File full = new File("/dev/full");
        assumeTrue(full.exists(), "there is no /dev/full");
        String demo = demo("i2_s").toString();
        String[][] commands = {
            {"kernels", "--json"},
            {"explain", "scalar"},
            {"inspect", demo},
            {"inspect", "--json", demo},
            {"check", demo},
            {
                "perplexity",
                "-f",
                Files.writeString(dir.resolve("text"), "Once upon a time there was a fox. ".repeat(9))
                        .toString(),
                "--json"
            },
            {"run", "-p", "Once", "-n", "3"},
            {"dequantize", demo, "blk.0.attn_q.weight", "-o", "-"},
            {"--help"},
        };
        for (String[] command : commands) {
            Process process =
                    Application.complete().builder(command).redirectOutput(full).start();
            String err = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor()).as(Arrays.toString(command) + err).isEqualTo(1);
            assertThat(err)
                    .contains("qk256: standard output: ", "No space left on device")
                    .doesNotContain("\tat ");
        }
    }

    @Test
    void aReaderThatGoesAwayIsNoFailure() throws Exception {
        for (String[] command :
                new String[][] {{"kernels"}, {"dequantize", demo("i2_s").toString(), "blk.0.attn_q.weight", "-o", "-"}
                }) {
            Process process = Application.complete().builder(command).start();
            process.getInputStream().close();
            String err = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor()).as(err).isZero();
            assertThat(err).doesNotContain("qk256:");
        }
    }
}
