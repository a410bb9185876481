package io.qk256.app.checkpoint;

import io.qk256.app.checkpoint.Safetensors.NumberType;
import io.qk256.app.checkpoint.Safetensors.Tensor;
import io.qk256.gguf.GgufTensor;
import io.qk256.gguf.GgufWriter;
import io.qk256.gguf.LittleEndian;
import io.qk256.gguf.Progress;
import io.qk256.gguf.TensorType;
import io.qk256.gguf.ValueType;
import io.qk256.gguf.convert.Conversion;
import io.qk256.gguf.layout.Encoded;
import io.qk256.gguf.layout.Encoder;
import io.qk256.gguf.layout.Qk256Codec;
import io.qk256.spi.Qk256Matrix;
import io.qk256.spi.support.OutputFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Writes a checkpoint of BitNet b1.58 2B-4T as a GGUF file: packed weights (four rows in a byte, and a scale), or the
 * bf16 master weights, which are rounded to ternary values by the rule of the model's training.
 *
 * <p>Sources: huggingface/transformers {@code integrations/bitnet.py} (packing, scales, rounding) and
 * {@code models/bitnet/modeling_bitnet.py} (names).
 */
public final class CheckpointConversion {

    private static final String ARCHITECTURE = "bitnet-b1.58";
    private static final int MAX_SIZE = 1 << 24;
    private static final int MAX_LAYERS = 10_000;

    /** The parts of a layer: the name in the checkpoint and in GGUF. */
    private static final List<List<String>> MATRICES = List.of(
            List.of("self_attn.q_proj", "attn_q"),
            List.of("self_attn.k_proj", "attn_k"),
            List.of("self_attn.v_proj", "attn_v"),
            List.of("self_attn.o_proj", "attn_output"),
            List.of("mlp.gate_proj", "ffn_gate"),
            List.of("mlp.up_proj", "ffn_up"),
            List.of("mlp.down_proj", "ffn_down"));

    private static final List<List<String>> NORMS = List.of(
            List.of("input_layernorm", "attn_norm"),
            List.of("self_attn.attn_sub_norm", "attn_sub_norm"),
            List.of("post_attention_layernorm", "ffn_norm"),
            List.of("mlp.ffn_sub_norm", "ffn_sub_norm"));

    private final Checkpoint source;
    private final Conversion.Target target;
    private final boolean roundScales;
    private final JsonFile config;
    private final boolean multipliesByScale;
    private final GgufWriter writer = new GgufWriter();
    private final Set<String> used = new HashSet<>();
    private final Progress.Sum tried;
    private final Progress.Sum written;
    private int converted;
    private int copied;
    private double scaleError;

    private CheckpointConversion(Checkpoint source, Conversion.Target target, boolean roundScales, Progress progress)
            throws IOException {
        this.source = source;
        this.target = target;
        this.roundScales = roundScales;
        this.config = source.config();
        this.multipliesByScale = multipliesByScale(config);
        long total = source.tensors().stream()
                .mapToLong(tensor -> tensor.data().byteSize())
                .sum();
        this.tried = new Progress.Sum(progress, "checking", total);
        this.written = new Progress.Sum(progress, "writing", total);
    }

    /**
     * Converts a checkpoint. The new file appears only when it is complete.
     *
     * @param directory has config.json, tokenizer.json and the safetensors files
     * @param roundScales whether scales may be rounded to f16 where the type has such scales
     * @param progress receives the number of bytes of the tensors that are tried, then written
     * @throws IOException if a file is missing, damaged or of another kind of model, or the new file cannot be written
     */
    public static Conversion.Report convert(
            Path directory, OutputFile out, Conversion.Target target, boolean roundScales, Progress progress)
            throws IOException {
        out.requireWritable();
        requireOtherThanSettings(out, directory);
        try (Checkpoint checkpoint = Checkpoint.open(directory)) {
            for (Tensor tensor : checkpoint.tensors()) {
                out.requireOtherThan(Path.of(tensor.file()));
            }
            CheckpointConversion conversion = new CheckpointConversion(checkpoint, target, roundScales, progress);
            conversion.convert();
            conversion.writer.write(out);
            return new Conversion.Report(conversion.converted, conversion.copied, conversion.scaleError);
        }
    }

    /** Settings and tokenizers are files of JSON. */
    private static void requireOtherThanSettings(OutputFile out, Path directory) throws IOException {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, "*.json")) {
            for (Path file : files) {
                out.requireOtherThan(file);
            }
        } catch (NotDirectoryException | NoSuchFileException e) {
            // Told in detail when the checkpoint is opened.
        }
    }

    /** transformers has two linear layers; the one of the published model multiplies by the scale, the other divides. */
    private static boolean multipliesByScale(JsonFile config) throws IOException {
        Optional<JsonFile> quantization = config.object("quantization_config");
        return quantization.isPresent()
                && quantization.get().text("linear_class").orElse("").equals("autobitlinear");
    }

    private void convert() throws IOException {
        String type = config.text("model_type").orElse("missing");
        if (!type.equals("bitnet")) {
            throw config.wrong("model_type", "is " + type, "bitnet, the only kind of checkpoint that can be converted");
        }
        if (config.has("rope_scaling")) {
            throw config.wrong("rope_scaling", "is set", "none");
        }
        int width = size("hidden_size");
        int layers = (int) config.integer("num_hidden_layers", 1, MAX_LAYERS);
        int feedForward = size("intermediate_size");
        int heads = (int) config.integer("num_attention_heads", 1, width);
        int headsOfKeys =
                config.has("num_key_value_heads") ? (int) config.integer("num_key_value_heads", 1, heads) : heads;
        int head = config.has("head_dim") ? size("head_dim") : width / heads;
        int vocabulary = size("vocab_size");
        keys(layers, head, headsOfKeys);
        CheckpointTokenizer.write(source, vocabulary, writer);
        if (target == Conversion.Target.QK256) {
            writer.alignment(Qk256Codec.ALIGNMENT);
            writer.integer(Qk256Codec.VERSION_KEY, ValueType.U32, Qk256Codec.VERSION);
        }
        rows("model.embed_tokens.weight", "token_embd.weight", vocabulary, width);
        vector("model.norm.weight", "output_norm.weight", width);
        for (int layer = 0; layer < layers; layer++) {
            String from = "model.layers." + layer + ".";
            String to = "blk." + layer + ".";
            int[] rows = {heads * head, headsOfKeys * head, headsOfKeys * head, width, feedForward, feedForward, width};
            int[] cols = {width, width, width, heads * head, width, width, feedForward};
            int[] norms = {width, heads * head, width, feedForward};
            for (int i = 0; i < norms.length; i++) {
                vector(from + NORMS.get(i).get(0) + ".weight", to + NORMS.get(i).get(1) + ".weight", norms[i]);
            }
            for (int i = 0; i < rows.length; i++) {
                matrix(from + MATRICES.get(i).get(0), to + MATRICES.get(i).get(1) + ".weight", rows[i], cols[i]);
            }
        }
        head(vocabulary, width);
        requireNoOther();
    }

    private int size(String field) throws IOException {
        return (int) config.integer(field, 1, MAX_SIZE);
    }

    private void keys(int layers, int head, int headsOfKeys) throws IOException {
        String prefix = ARCHITECTURE + ".";
        writer.text("general.architecture", ARCHITECTURE);
        writer.text(
                "general.name",
                String.valueOf(source.directory().toAbsolutePath().getFileName()));
        writer.integer(prefix + "vocab_size", ValueType.U32, size("vocab_size"));
        writer.integer(prefix + "context_length", ValueType.U32, size("max_position_embeddings"));
        writer.integer(prefix + "embedding_length", ValueType.U32, size("hidden_size"));
        writer.integer(prefix + "block_count", ValueType.U32, layers);
        writer.integer(prefix + "feed_forward_length", ValueType.U32, size("intermediate_size"));
        writer.integer(prefix + "rope.dimension_count", ValueType.U32, head);
        writer.integer(prefix + "attention.head_count", ValueType.U32, size("num_attention_heads"));
        writer.integer(prefix + "attention.head_count_kv", ValueType.U32, headsOfKeys);
        writer.real(prefix + "attention.layer_norm_rms_epsilon", ValueType.F32, config.real("rms_norm_eps"));
        JsonFile rope = config.object("rope_parameters").orElse(config);
        writer.real(prefix + "rope.freq_base", ValueType.F32, rope.real("rope_theta"));
        writer.text(prefix + "hidden_activation", config.text("hidden_act").orElse("relu2"));
        writer.integer("general.file_type", ValueType.U32, target.fileType());
    }

    private Tensor require(String name, List<Long> shape) throws IOException {
        Optional<Tensor> found = source.find(name);
        if (found.isEmpty()) {
            throw new IOException(source.directory() + ": no tensor " + name + " among "
                    + source.tensors().size() + ", expected it by the sizes in config.json; a file is missing");
        }
        Tensor tensor = found.get();
        used.add(name);
        if (!tensor.shape().equals(shape)) {
            throw new IOException(tensor + ": expected the shape " + shape
                    + " by the sizes in config.json; the checkpoint is damaged, or of an unsupported kind");
        }
        return tensor;
    }

    /** Copies a matrix with a row for each token; its type stays. */
    private void rows(String from, String to, int rows, int cols) throws IOException {
        Tensor tensor = require(from, List.of((long) rows, (long) cols));
        writer.tensor(
                to,
                CheckpointWeights.type(tensor),
                List.of((long) cols, (long) rows),
                tensor.data().byteSize(),
                arena -> {
                    written.add(tensor.data().byteSize());
                    return tensor.data();
                });
        copied++;
        tried.add(tensor.data().byteSize());
    }

    /** Norms are f32 in GGUF. */
    private void vector(String from, String to, int size) throws IOException {
        Tensor tensor = require(from, List.of((long) size));
        float[] values = CheckpointWeights.floats(tensor, size, 1);
        writer.tensor(to, TensorType.F32, List.of((long) size), (long) size * Float.BYTES, arena -> {
            written.add(tensor.data().byteSize());
            return arena.allocateFrom(LittleEndian.F32, values);
        });
        copied++;
        tried.add(tensor.data().byteSize());
    }

    private void head(int vocabulary, int width) throws IOException {
        Optional<Tensor> head = source.find("lm_head.weight");
        boolean isTied = !config.has("tie_word_embeddings") || config.isTrue("tie_word_embeddings");
        if (!isTied) {
            rows("lm_head.weight", "output.weight", vocabulary, width);
        } else if (head.isPresent()) {
            MemorySegment embedding =
                    source.find("model.embed_tokens.weight").orElseThrow().data();
            if (head.get().data().mismatch(embedding) >= 0) {
                throw new IOException(head.get() + ": differs from the embedding, expected the same values, as"
                        + " tie_word_embeddings is true; the checkpoint is damaged");
            }
            used.add("lm_head.weight");
        }
    }

    /** Refuses unknown tensors: they would change what the model computes. */
    private void requireNoOther() throws IOException {
        for (Tensor tensor : source.tensors()) {
            if (!used.contains(tensor.name())) {
                throw new IOException(tensor + ": does not belong to a BitNet model of these sizes, expected no such"
                        + " tensor; ignoring it would change the text");
            }
        }
    }

    /** Encodes a matrix once to check that it can be, and again when it is written, so only one is in memory. */
    private void matrix(String from, String to, int rows, int cols) throws IOException {
        boolean isPacked = source.find(from + ".weight_scale").isPresent();
        long storedRows = isPacked ? rows / 4 : rows;
        if (isPacked && rows % 4 != 0) {
            throw new IOException(source.directory() + ": tensor " + from + " has " + rows
                    + " rows, expected a multiple of 4, as four are packed in a byte");
        }
        Tensor tensor = require(from + ".weight", List.of(storedRows, (long) cols));
        long bytes;
        try (Arena arena = Arena.ofConfined()) {
            bytes = encode(tensor, from, to, rows, cols, arena).bytes().byteSize();
        }
        boolean isStored = target == Conversion.Target.QK256;
        writer.tensor(
                to,
                isStored ? TensorType.I8 : target.type(),
                isStored ? List.of(bytes) : List.of((long) cols, (long) rows),
                bytes,
                arena -> {
                    written.add(tensor.data().byteSize());
                    return encode(tensor, from, to, rows, cols, arena).bytes();
                });
        converted++;
        tried.add(tensor.data().byteSize());
    }

    private Encoded encode(Tensor tensor, String from, String to, int rows, int cols, Arena arena) throws IOException {
        Qk256Matrix matrix;
        if (tensor.type() == NumberType.U8) {
            Tensor scale = require(from + ".weight_scale", List.of(1L));
            matrix = CheckpointWeights.packed(tensor, scale, multipliesByScale, rows, cols, arena);
        } else {
            matrix = CheckpointWeights.rounded(tensor, rows, cols, arena);
        }
        GgufTensor named =
                new GgufTensor(tensor.file(), to, TensorType.I8, List.of((long) cols, (long) rows), tensor.data());
        Encoded encoded = Encoder.encode(target.type(), named, matrix, roundScales, arena);
        scaleError = Math.max(scaleError, encoded.scaleError());
        return encoded;
    }
}
