package io.qk256.app.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qk256.app.checkpoint.DemoCheckpoint.Stored;
import io.qk256.gguf.GgufFile;
import io.qk256.gguf.GgufTensor;
import io.qk256.gguf.LittleEndian;
import io.qk256.gguf.Progress;
import io.qk256.gguf.TensorType;
import io.qk256.gguf.convert.Conversion;
import io.qk256.gguf.convert.Conversion.Target;
import io.qk256.gguf.layout.TensorRows;
import io.qk256.gguf.layout.WeightFile;
import io.qk256.spi.support.OutputFile;
import io.qk256.spi.support.UserError;
import io.qk256.testing.Fixtures;
import io.qk256.testing.Fuzz;
import io.qk256.testing.Fuzz.Outcome;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The embedded model, saved as transformers does, becomes the GGUF file again. */
class CheckpointConversionTest {

    @TempDir
    private Path dir;

    private GgufFile convert(DemoCheckpoint checkpoint, int shards, Target target) throws IOException {
        Path out = dir.resolve("out.gguf");
        Path from = checkpoint.write(dir.resolve("checkpoint"), shards);
        CheckpointConversion.convert(from, OutputFile.of(out), target, false, Progress.NONE);
        return WeightFile.open(out);
    }

    @Test
    void whatIsReadIsNotOverwritten() throws IOException {
        Path from = new DemoCheckpoint(true).write(dir.resolve("checkpoint"), 1);
        for (String name : List.of("config.json", "tokenizer.json")) {
            byte[] before = Files.readAllBytes(from.resolve(name));
            assertThatExceptionOfType(UserError.class)
                    .isThrownBy(() -> CheckpointConversion.convert(
                            from, OutputFile.of(from.resolve(name)), Target.I2_S, false, Progress.NONE))
                    .withMessageContaining("is the file to read");
            assertThat(from.resolve(name)).hasBinaryContent(before);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void packedWeightsBecomeThoseOfTheFile(int shards) throws IOException {
        try (GgufFile demo = Fixtures.demo();
                GgufFile file = convert(new DemoCheckpoint(true), shards, Target.I2_S)) {
            assertThat(file.tensors()).hasSize(demo.tensors().size());
            for (GgufTensor tensor : demo.tensors()) {
                GgufTensor seen = file.requireTensor(tensor.name());
                assertThat(seen.type()).isEqualTo(tensor.type());
                assertThat(seen.dims()).isEqualTo(tensor.dims());
                assertThat(seen.data().mismatch(tensor.data()))
                        .as(tensor.name())
                        .isEqualTo(-1);
            }
            for (String key : List.of("tokens", "token_type", "merges", "bos_token_id", "eos_token_id")) {
                String name = "tokenizer.ggml." + key;
                assertThat(file.require(name).data().mismatch(demo.require(name).data()))
                        .as(name)
                        .isEqualTo(-1);
            }
            for (String key : List.of(
                    "embedding_length",
                    "block_count",
                    "attention.head_count_kv",
                    "rope.dimension_count",
                    "rope.freq_base",
                    "attention.layer_norm_rms_epsilon")) {
                String name = "bitnet-b1.58." + key;
                assertThat(file.require(name).toString())
                        .as(name)
                        .isEqualTo(demo.require(name).toString());
            }
        }
    }

    /** The mean of ternary weights is not their scale; signs stay, and the scale is the mean magnitude. */
    @ParameterizedTest
    @EnumSource(Target.class)
    void masterWeightsAreRoundedByTheRuleOfTheTraining(Target target) throws IOException {
        DemoCheckpoint checkpoint = new DemoCheckpoint(false);
        String name = "model.layers.0.self_attn.q_proj.weight";
        Stored stored = Objects.requireNonNull(checkpoint.tensors.get(name));
        ByteBuffer weights = stored.data().order(ByteOrder.LITTLE_ENDIAN);
        int n = weights.capacity() / 4;
        for (int i = 0; i < n; i++) {
            weights.putFloat(4 * i, i % 4 == 0 ? 3 : i % 4 == 1 ? -1 : i % 4 == 2 ? -0.25f : 0.25f);
        }
        for (Stored other : checkpoint.tensors.values()) {
            if (!other.equals(stored)
                    && other.shape().size() == 2
                    && other.dtype().equals("F32")) {
                ByteBuffer data = other.data().order(ByteOrder.LITTLE_ENDIAN);
                for (int i = 0; i < data.capacity() / 4; i++) {
                    data.putFloat(4 * i, i % 2 == 0 ? 1 : -1);
                }
            }
        }
        try (GgufFile file = convert(checkpoint, 1, target)) {
            GgufTensor tensor = file.requireTensor("blk.0.attn_q.weight");
            int cols = (int) tensor.cols();
            float[] row = new float[cols];
            TensorRows.of(tensor).reader(1).read(tensor.rows() - 1, 1, row, 0);
            float scale = 4.5f / 4;
            for (int i = 0; i < cols; i++) {
                assertThat(row[i]).isEqualTo(i % 4 == 0 ? scale : i % 4 == 1 ? -scale : 0);
            }
        }
    }

    @Test
    void theOtherLinearLayerDividesByItsScale() throws IOException {
        DemoCheckpoint checkpoint = new DemoCheckpoint(true);
        checkpoint.config.getAsJsonObject("quantization_config").addProperty("linear_class", "bitlinear");
        Stored scale = Objects.requireNonNull(checkpoint.tensors.get("model.layers.0.mlp.up_proj.weight_scale"));
        scale.data().putFloat(0, 4);
        try (GgufFile file = convert(checkpoint, 1, Target.I2_S)) {
            GgufTensor tensor = file.requireTensor("blk.0.ffn_up.weight");
            assertThat(tensor.data().get(LittleEndian.F32, tensor.weights() / 4))
                    .isEqualTo(0.25f);
        }
    }

    @Test
    void aTemplateOfItsOwnFileIsKept() throws IOException {
        DemoCheckpoint checkpoint = new DemoCheckpoint(true);
        Files.writeString(Files.createDirectories(dir.resolve("checkpoint")).resolve("chat_template.jinja"), "{{ x }}");
        try (GgufFile file = convert(checkpoint, 1, Target.QK256)) {
            assertThat(file.require("tokenizer.chat_template").asText()).isEqualTo("{{ x }}");
            assertThat(file.requireTensor("blk.0.ffn_up.weight").type()).isEqualTo(TensorType.QK256);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"chat_template\":\"{{ y }}\"}",
                "{\"chat_template\":[{\"name\":\"rag\",\"template\":\"z\"},"
                        + "{\"name\":\"default\",\"template\":\"{{ y }}\"}]}"
            })
    void theTemplateMayBeInTheConfigurationOfTheTokenizer(String json) throws IOException {
        Files.writeString(Files.createDirectories(dir.resolve("checkpoint")).resolve("tokenizer_config.json"), json);
        try (GgufFile file = convert(new DemoCheckpoint(true), 1, Target.I2_S)) {
            assertThat(file.require("tokenizer.chat_template").asText()).isEqualTo("{{ y }}");
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            model_type            | "llama"          | config.json: model_type is llama, expected bitnet
            hidden_size           | 12.5             | config.json: hidden_size is 12.5, expected 1 to
            hidden_size           | 512              | expected the shape [1024, 512]
            rope_scaling          | {"factor":2}     | config.json: rope_scaling is set, expected none
            eos_token_id          | 100000           | config.json: eos_token_id is 100000, expected 0 to 1023
            num_hidden_layers     | 5                | tensor model.layers.5
            num_hidden_layers     | 7                | no tensor model.layers.6.input_layernorm.weight
            """)
    void whatDoesNotFitIsRefused(String field, String value, String message) throws IOException {
        DemoCheckpoint checkpoint = new DemoCheckpoint(true);
        checkpoint.config.add(field, com.google.gson.JsonParser.parseString(value));
        assertThatThrownBy(() -> convert(checkpoint, 1, Target.I2_S))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(message);
        assertThat(dir.resolve("out.gguf")).doesNotExist();
    }

    /** A million digits would take many seconds. */
    @Test
    void aVeryLongNumberIsNotRead() throws IOException {
        String written = new DemoCheckpoint(true).config.get("hidden_size") + "." + "0".repeat(200);
        whatDoesNotFitIsRefused("hidden_size", written, "expected 1 to");
    }

    @Test
    void anotherTokenizerIsRefused() throws IOException {
        DemoCheckpoint checkpoint = new DemoCheckpoint(true);
        checkpoint.tokenizer.getAsJsonObject("pre_tokenizer").remove("pretokenizers");
        assertThatThrownBy(() -> convert(checkpoint, 1, Target.I2_S))
                .hasMessageContaining("pre_tokenizer has another pattern, expected LLaMA-3's");
    }

    @Test
    void missingFilesAreNamed() throws IOException {
        Path from = new DemoCheckpoint(true).write(dir.resolve("c"), 2);
        OutputFile out = OutputFile.of(dir.resolve("out.gguf"));
        Files.delete(from.resolve("model-00002-of-00002.safetensors"));
        assertThatThrownBy(() -> CheckpointConversion.convert(from, out, Target.I2_S, false, Progress.NONE))
                .isInstanceOf(IOException.class)
                .hasMessageContainingAll("model-00002-of-00002.safetensors: no such file", "names it, get it again");
        Files.delete(from.resolve("config.json"));
        assertThatThrownBy(() -> CheckpointConversion.convert(from, out, Target.I2_S, false, Progress.NONE))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("config.json: no such file");
    }

    /** Changed bytes give a reason, never another failure. */
    @Test
    void damagedFilesAreReadOrRefused() throws IOException {
        Path from = new DemoCheckpoint(true).write(dir.resolve("c"), 1);
        List<String> names = List.of("config.json", "tokenizer.json", "model.safetensors");
        byte[][] whole = new byte[3][];
        for (int i = 0; i < 3; i++) {
            whole[i] = Files.readAllBytes(from.resolve(names.get(i)));
        }
        Fuzz.run("of checkpoints", 150, random -> {
            int changed = random.nextInt(3);
            byte[] bytes = whole[changed].clone();
            int end = changed == 2 ? Math.min(bytes.length, 8000) : bytes.length;
            for (int i = 0; i < 1 + random.nextInt(3); i++) {
                bytes[random.nextInt(end)] =
                        (byte) (random.nextBoolean() ? random.nextInt(256) : '0' + random.nextInt(10));
            }
            for (int i = 0; i < 3; i++) {
                Files.write(from.resolve(names.get(i)), i == changed ? bytes : whole[i]);
            }
            try {
                Conversion.Report report = CheckpointConversion.convert(
                        from, OutputFile.of(dir.resolve("fuzz.gguf")), Target.QK256, false, Progress.NONE);
                assertThat(report.converted()).isEqualTo(42);
                return Outcome.ACCEPTED;
            } catch (IOException e) {
                assertThat(e.getMessage()).contains(dir.toString()).hasSizeLessThan(1000);
                return Outcome.REFUSED;
            }
        });
    }
}
