package io.qk256.app.checkpoint;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.qk256.gguf.GgufArray;
import io.qk256.gguf.GgufFile;
import io.qk256.gguf.GgufTensor;
import io.qk256.gguf.LittleEndian;
import io.qk256.gguf.TensorType;
import io.qk256.gguf.ValueType;
import io.qk256.gguf.layout.PlainDecoder;
import io.qk256.gguf.layout.TensorRows;
import io.qk256.testing.Fixtures;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Writes the embedded model as transformers would save it. */
final class DemoCheckpoint {

    private static final Map<String, String> NAMES = Map.ofEntries(
            Map.entry("attn_q", "self_attn.q_proj"),
            Map.entry("attn_k", "self_attn.k_proj"),
            Map.entry("attn_v", "self_attn.v_proj"),
            Map.entry("attn_output", "self_attn.o_proj"),
            Map.entry("ffn_gate", "mlp.gate_proj"),
            Map.entry("ffn_up", "mlp.up_proj"),
            Map.entry("ffn_down", "mlp.down_proj"),
            Map.entry("attn_norm", "input_layernorm"),
            Map.entry("attn_sub_norm", "self_attn.attn_sub_norm"),
            Map.entry("ffn_norm", "post_attention_layernorm"),
            Map.entry("ffn_sub_norm", "mlp.ffn_sub_norm"));

    /** A tensor to store. */
    record Stored(String dtype, List<Long> shape, ByteBuffer data) {}

    final JsonObject config = new JsonObject();
    final JsonObject tokenizer = new JsonObject();
    final Map<String, Stored> tensors = new LinkedHashMap<>();
    private final GgufFile demo;

    /** @param isPacked whether weights are packed, or f32 master weights */
    DemoCheckpoint(boolean isPacked) throws IOException {
        demo = Fixtures.demo();
        config();
        tokenizer();
        for (GgufTensor tensor : demo.tensors()) {
            String name = name(tensor.name());
            if (tensor.type() == TensorType.I2_S) {
                matrix(name, tensor, isPacked);
            } else {
                String dtype = tensor.type() == TensorType.F16 ? "F16" : "F32";
                tensors.put(name + ".weight", new Stored(dtype, shape(tensor), bytes(tensor)));
            }
        }
    }

    private void config() throws IOException {
        config.addProperty("model_type", "bitnet");
        integer("hidden_size", "embedding_length");
        integer("num_hidden_layers", "block_count");
        integer("intermediate_size", "feed_forward_length");
        integer("num_attention_heads", "attention.head_count");
        integer("num_key_value_heads", "attention.head_count_kv");
        integer("max_position_embeddings", "context_length");
        config.addProperty("vocab_size", demo.requireTensor("token_embd.weight").rows());
        config.addProperty(
                "rms_norm_eps",
                demo.require("bitnet-b1.58.attention.layer_norm_rms_epsilon").asReal());
        config.addProperty(
                "rope_theta", demo.require("bitnet-b1.58.rope.freq_base").asReal());
        config.addProperty("hidden_act", "relu2");
        config.addProperty("tie_word_embeddings", true);
        JsonObject quantization = new JsonObject();
        quantization.addProperty("quant_method", "bitnet");
        quantization.addProperty("linear_class", "autobitlinear");
        quantization.addProperty("quantization_mode", "offline");
        config.add("quantization_config", quantization);
        for (String mark : List.of("bos", "eos")) {
            config.addProperty(
                    mark + "_token_id",
                    demo.require("tokenizer.ggml." + mark + "_token_id").asInteger(0, 1 << 20));
        }
    }

    private void integer(String field, String key) throws IOException {
        config.addProperty(field, demo.require("bitnet-b1.58." + key).asInteger(0, 1 << 30));
    }

    private void tokenizer() throws IOException {
        GgufArray tokens = demo.require("tokenizer.ggml.tokens").asArray(ValueType.STRING);
        GgufArray types = demo.require("tokenizer.ggml.token_type").asArray(ValueType.I32);
        JsonObject vocab = new JsonObject();
        JsonArray added = new JsonArray();
        for (int id = 0; id < tokens.size(); id++) {
            if (types.integer(id) == 1) {
                vocab.addProperty(tokens.text(id), id);
            } else {
                JsonObject token = new JsonObject();
                token.addProperty("id", id);
                token.addProperty("content", tokens.text(id));
                token.addProperty("special", true);
                added.add(token);
            }
        }
        JsonArray merges = new JsonArray();
        GgufArray pairs = demo.require("tokenizer.ggml.merges").asArray(ValueType.STRING);
        for (int i = 0; i < pairs.size(); i++) {
            if (i % 2 == 0) {
                merges.add(pairs.text(i));
            } else {
                JsonArray pair = new JsonArray();
                List.of(pairs.text(i).split(" ", -1)).forEach(pair::add);
                merges.add(pair);
            }
        }
        JsonObject model = new JsonObject();
        model.addProperty("type", "BPE");
        model.add("vocab", vocab);
        model.add("merges", merges);
        tokenizer.add("model", model);
        tokenizer.add("added_tokens", added);
        JsonObject regex = new JsonObject();
        regex.addProperty(
                "Regex",
                "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}|"
                        + " ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+");
        JsonObject split = new JsonObject();
        split.addProperty("type", "Split");
        split.add("pattern", regex);
        JsonArray steps = new JsonArray();
        steps.add(split);
        JsonObject splitter = new JsonObject();
        splitter.addProperty("type", "Sequence");
        splitter.add("pretokenizers", steps);
        tokenizer.add("pre_tokenizer", splitter);
    }

    private static String name(String gguf) {
        String bare = gguf.substring(0, gguf.length() - ".weight".length());
        return switch (bare) {
            case "token_embd" -> "model.embed_tokens";
            case "output_norm" -> "model.norm";
            default -> {
                String[] parts = bare.split("[.]", -1);
                yield "model.layers." + parts[1] + "." + NAMES.getOrDefault(parts[2], "?");
            }
        };
    }

    private static List<Long> shape(GgufTensor tensor) {
        return tensor.dims().reversed();
    }

    private static ByteBuffer bytes(GgufTensor tensor) {
        return ByteBuffer.wrap(tensor.data().toArray(LittleEndian.I8));
    }

    private void matrix(String name, GgufTensor tensor, boolean isPacked) throws IOException {
        int rows = (int) tensor.rows();
        int cols = (int) tensor.cols();
        if (!isPacked) {
            float[] weights = new float[rows * cols];
            TensorRows.of(tensor).reader(rows).read(0, rows, weights, 0);
            ByteBuffer data = little(weights.length * Float.BYTES);
            data.asFloatBuffer().put(weights);
            tensors.put(name + ".weight", new Stored("F32", shape(tensor), data));
            return;
        }
        PlainDecoder plain = PlainDecoder.of(tensor);
        byte[] values = new byte[cols];
        byte[] packed = new byte[rows / 4 * cols];
        for (int row = 0; row < rows; row++) {
            plain.row(row, values);
            for (int col = 0; col < cols; col++) {
                packed[row % (rows / 4) * cols + col] |= (byte) ((values[col] + 1) << (2 * (row / (rows / 4))));
            }
        }
        tensors.put(name + ".weight", new Stored("U8", List.of(rows / 4L, (long) cols), ByteBuffer.wrap(packed)));
        ByteBuffer scale = little(Float.BYTES).putFloat(0, plain.scale(0, 0));
        tensors.put(name + ".weight_scale", new Stored("F32", List.of(1L), scale));
    }

    private static ByteBuffer little(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Writes all files. */
    Path write(Path directory, int shards) throws IOException {
        Files.createDirectories(directory);
        Files.writeString(directory.resolve("config.json"), config.toString());
        Files.writeString(directory.resolve("tokenizer.json"), tokenizer.toString());
        if (shards == 1) {
            Files.write(directory.resolve("model.safetensors"), safetensors(tensors));
            return directory;
        }
        JsonObject places = new JsonObject();
        List<Map<String, Stored>> parts = List.of(new LinkedHashMap<>(), new LinkedHashMap<>());
        int i = 0;
        for (Map.Entry<String, Stored> tensor : tensors.entrySet()) {
            parts.get(i % 2).put(tensor.getKey(), tensor.getValue());
            places.addProperty(tensor.getKey(), file(i % 2));
            i++;
        }
        JsonObject index = new JsonObject();
        index.add("weight_map", places);
        Files.writeString(directory.resolve("model.safetensors.index.json"), index.toString());
        for (int part = 0; part < 2; part++) {
            Files.write(directory.resolve(file(part)), safetensors(parts.get(part)));
        }
        return directory;
    }

    private static String file(int part) {
        return "model-0000" + (part + 1) + "-of-00002.safetensors";
    }

    private static byte[] safetensors(Map<String, Stored> tensors) {
        JsonObject header = new JsonObject();
        JsonObject metadata = new JsonObject();
        metadata.addProperty("format", "pt");
        header.add("__metadata__", metadata);
        ByteArrayOutputStream data = new ByteArrayOutputStream();
        for (Map.Entry<String, Stored> tensor : tensors.entrySet()) {
            JsonObject entry = new JsonObject();
            entry.addProperty("dtype", tensor.getValue().dtype());
            JsonArray shape = new JsonArray();
            tensor.getValue().shape().forEach(shape::add);
            entry.add("shape", shape);
            JsonArray offsets = new JsonArray();
            offsets.add(data.size());
            data.writeBytes(tensor.getValue().data().array());
            offsets.add(data.size());
            entry.add("data_offsets", offsets);
            header.add(tensor.getKey(), entry);
        }
        byte[] json = header.toString().getBytes(StandardCharsets.UTF_8);
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        file.writeBytes(little(Long.BYTES).putLong(0, json.length).array());
        file.writeBytes(json);
        file.writeBytes(data.toByteArray());
        return file.toByteArray();
    }
}
