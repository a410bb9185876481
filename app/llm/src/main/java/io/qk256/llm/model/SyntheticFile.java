package io.qk256.llm.model;

import io.qk256.gguf.GgufWriter;
import io.qk256.gguf.LittleEndian;
import io.qk256.gguf.Progress;
import io.qk256.gguf.TensorType;
import io.qk256.gguf.ValueType;
import io.qk256.gguf.convert.Conversion;
import io.qk256.spi.support.OutputFile;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * Writes a model with random weights to a file, to try loading and serving without a download. It is stored as {@link
 * SyntheticModel} describes, except that matrices with one scale are TQ2_0. Its vocabulary has the 256 bytes and then
 * made-up words, so any text can be its prompt; what it writes is meaningless, and never ends by itself.
 */
public final class SyntheticFile {

    private static final String WRITING = "writing tensors";
    private static final int BYTES = 256;
    private static final int BLOCKS_AT_ONCE = 1 << 14;
    private static final int CODES = Long.SIZE / 2;

    private final ModelConfig config;
    private final long seed;
    private final GgufWriter writer = new GgufWriter();
    private final short[] halves;
    private int tensors;

    private SyntheticFile(ModelConfig config, long seed) {
        this.config = config;
        this.seed = seed;
        this.halves = SyntheticModel.halves(new SplittableRandom(seed));
    }

    /**
     * Writes a model.
     *
     * @param config the shape; rotary angles unscaled, scaled linearly, or by YaRN with the usual parameters
     * @param seed determines the weights
     * @param progress told about each tensor
     * @throws IOException if the file cannot be written
     */
    @SuppressWarnings("exports") // For the project's own modules.
    public static void write(ModelConfig config, long seed, OutputFile file, Progress progress) throws IOException {
        SyntheticFile made = new SyntheticFile(config, seed);
        made.keys();
        made.vocabulary();
        made.tensors(progress);
        made.writer.write(file);
        progress.at(WRITING, made.tensors, made.tensors);
    }

    private void keys() {
        String prefix = config.architecture() + ".";
        writer.text("general.architecture", config.architecture())
                .text("general.name", "random weights")
                .text(
                        Conversion.ACTIVATIONS_KEY,
                        config.activations() == Activations.IN_GROUPS ? Conversion.IN_GROUPS : Conversion.PER_TOKEN)
                .integer(prefix + "context_length", ValueType.U32, config.contextLength())
                .integer(prefix + "embedding_length", ValueType.U32, config.width())
                .integer(prefix + "block_count", ValueType.U32, config.layers())
                .integer(prefix + "feed_forward_length", ValueType.U32, config.feedForward())
                .integer(prefix + "attention.head_count", ValueType.U32, config.heads())
                .integer(prefix + "attention.head_count_kv", ValueType.U32, config.kvHeads())
                .integer(prefix + "attention.key_length", ValueType.U32, config.headSize())
                .integer(prefix + "attention.value_length", ValueType.U32, config.headSize())
                .real(prefix + "attention.layer_norm_rms_epsilon", ValueType.F32, config.epsilon())
                .integer(prefix + "rope.dimension_count", ValueType.U32, config.rotated())
                .real(prefix + "rope.freq_base", ValueType.F32, config.ropeBase())
                .text(prefix + "hidden_activation", gate());
        if (config.pooling() != Pooling.NONE) {
            writer.integer(
                    prefix + "pooling_type",
                    ValueType.U32,
                    List.of(Pooling.values()).indexOf(config.pooling()));
        }
        RopeScaling scaling = config.scaling();
        if (!scaling.equals(RopeScaling.NONE)) {
            writer.text(prefix + "rope.scaling.type", scaling.yarn() == 0 ? "linear" : "yarn")
                    .real(prefix + "rope.scaling.factor", ValueType.F32, scaling.factor())
                    .integer(prefix + "rope.scaling.original_context_length", ValueType.U32, scaling.originalContext());
        }
    }

    private String gate() {
        return switch (config.gate()) {
            case SQUARED_RELU -> "relu2";
            case SILU -> "silu";
            case GELU -> "gelu_tanh";
        };
    }

    private void vocabulary() {
        List<String> words = new ArrayList<>();
        int next = BYTES;
        for (int b = 0; b < BYTES; b++) {
            boolean printable = (b >= '!' && b <= '~') || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE;
            words.add(Character.toString(printable ? b : next++)); // GPT-2's characters for bytes
        }
        for (int id = BYTES; id < config.vocabulary(); id++) {
            words.add("\u0120word" + id); // A blank in that alphabet.
        }
        writer.text("tokenizer.ggml.model", "gpt2")
                .text("tokenizer.ggml.pre", "gpt-2")
                .texts("tokenizer.ggml.tokens", words)
                .integers("tokenizer.ggml.token_type", ValueType.I32, types(words.size()))
                .texts("tokenizer.ggml.merges", List.of())
                .integer("tokenizer.ggml.eos_token_id", ValueType.U32, words.size() - 1L)
                .bool("tokenizer.ggml.add_bos_token", false);
    }

    /** All ordinary, except the last one, which ends a text. */
    private static long[] types(int size) {
        long[] types = new long[size];
        Arrays.fill(types, 1);
        types[size - 1] = 3;
        return types;
    }

    private void tensors(Progress progress) {
        boolean inGroups = config.activations() == Activations.IN_GROUPS;
        TensorType ternary = inGroups ? TensorType.Q2_0 : TensorType.TQ2_0;
        List<TensorSpec> specs =
                TensorSpec.inLayers(Architectures.of(config.architecture()).tensors(config), config.layers()).stream()
                        .filter(TensorSpec::required)
                        .toList();
        for (TensorSpec spec : specs) {
            switch (spec.role()) {
                case TOKENS -> add(spec, inGroups ? TensorType.Q2_0 : TensorType.F16, specs.size(), progress);
                case TERNARY -> add(spec, ternary, specs.size(), progress);
                case NORM, FACTORS -> add(spec, TensorType.F32, specs.size(), progress);
            }
        }
    }

    private void add(TensorSpec spec, TensorType type, int total, Progress progress) {
        int number = tensors++;
        List<Long> dims = spec.role() == TensorSpec.Role.NORM || spec.role() == TensorSpec.Role.FACTORS
                ? List.of((long) spec.cols())
                : List.of((long) spec.cols(), (long) spec.rows());
        long numbers = (long) spec.rows() * spec.cols();
        writer.tensor(spec.fileName(), type, dims, type.bytes(numbers), arena -> {
            progress.at(WRITING, number, total);
            MemorySegment out = arena.allocate(type.bytes(numbers), Long.BYTES);
            fill(out, type, number, spec.cols());
            return out;
        });
    }

    private void fill(MemorySegment out, TensorType type, int number, int cols) {
        long blocks = out.byteSize() / type.blockBytes();
        long parts = Math.ceilDiv(blocks, BLOCKS_AT_ONCE);
        LongStream.range(0, parts).parallel().forEach(part -> {
            SplittableRandom random = new SplittableRandom((seed << 20 | number) * 1_000_003 + part);
            Filler filler = filler(type, random, (float) Math.sqrt(2.0 / cols));
            for (long block = part * BLOCKS_AT_ONCE; block < Math.min(blocks, (part + 1) * BLOCKS_AT_ONCE); block++) {
                filler.fill(out, block * type.blockBytes());
            }
        });
    }

    private interface Filler {
        void fill(MemorySegment out, long at);
    }

    private Filler filler(TensorType type, SplittableRandom random, float scale) {
        return switch (type) {
            case F32 -> (out, at) -> out.set(LittleEndian.F32, at, 1);
            case F16 -> (out, at) -> out.set(LittleEndian.I16, at, halves[random.nextInt(halves.length)]);
            case TQ2_0 -> {
                short ofMatrix = Float.floatToFloat16(scale);
                yield (out, at) -> {
                    codes(random, type, out, at);
                    out.set(LittleEndian.I16, at + type.blockWeights() / 4, ofMatrix);
                };
            }
            case Q2_0 ->
                (out, at) -> {
                    out.set(LittleEndian.I16, at, (short) SyntheticModel.scale(random, scale));
                    codes(random, type, out, at + Short.BYTES);
                };
            default -> throw new IllegalArgumentException("type: " + type);
        };
    }

    private static void codes(SplittableRandom random, TensorType type, MemorySegment out, long at) {
        IntStream.range(0, type.blockWeights() / CODES)
                .forEach(i -> out.set(LittleEndian.I64, at + (long) i * Long.BYTES, SyntheticModel.codes(random)));
    }
}
