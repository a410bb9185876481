package io.qk256.llm.model;

import static io.qk256.llm.model.TensorSpec.norm;
import static io.qk256.llm.model.TensorSpec.ternary;
import static io.qk256.llm.model.TensorSpec.tokens;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufFile;
import io.qk256.gguf.GgufWriter;
import io.qk256.gguf.TensorType;
import io.qk256.gguf.ValueType;
import io.qk256.gguf.layout.WeightFile;
import io.qk256.spi.support.OutputFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A second family of models besides BitNet, which needs one class and an entry in the list: norms on query and key
 * heads, as in Qwen3, rotation of adjacent pairs, as in LLaMA, an independent head size, SiLU, and no sub-norms.
 */
class SecondArchitectureTest {

    private static final String NAME = "second";
    private static final List<Architecture> KNOWN = List.of(new BitNet(), new Second());
    private static final int VOCABULARY = 40;
    private static final int WIDTH = 128;
    private static final int LAYERS = 2;
    private static final int FEED_FORWARD = 256;
    private static final int HEADS = 4;
    private static final int KV_HEADS = 2;
    private static final int HEAD_SIZE = 64;
    private static final double EPSILON = 0x1p-20;
    private static final double ROPE_BASE = 10_000;
    private static final int[] TEXT = {3, 1, 14};

    /** With this seed, no int8 rounding of the text is near a tie; see {@link Reference#quantize}. */
    private static final long SEED = 478;

    @TempDir
    private Path dir;

    /** The class that a new family would add to the main code. */
    private static final class Second implements Architecture {

        @Override
        public List<String> names() {
            return List.of(NAME);
        }

        @Override
        public ModelConfig config(ModelKeys keys) throws GgufException {
            return keys.shape(GateFunction.SILU, false);
        }

        @Override
        public List<TensorSpec> tensors(ModelConfig c) {
            return List.of(
                    tokens("token_embd", c.vocabulary(), c.width()),
                    norm("blk.N.attn_norm", c.width()),
                    ternary("blk.N.attn_q", c.attentionWidth(), c.width()),
                    ternary("blk.N.attn_k", c.kvWidth(), c.width()),
                    ternary("blk.N.attn_v", c.kvWidth(), c.width()),
                    norm("blk.N.attn_q_norm", c.headSize()),
                    norm("blk.N.attn_k_norm", c.headSize()),
                    ternary("blk.N.attn_output", c.width(), c.attentionWidth()),
                    norm("blk.N.ffn_norm", c.width()),
                    ternary("blk.N.ffn_gate", c.feedForward(), c.width()),
                    ternary("blk.N.ffn_up", c.feedForward(), c.width()),
                    ternary("blk.N.ffn_down", c.width(), c.feedForward()),
                    norm("output_norm", c.width()));
        }

        @Override
        public void forward(Graph g, ModelConfig c) {
            Rope rope = g.rope(Rope.Pairs.NEIGHBORS);
            Columns x = g.embedding();
            for (int layer = 0; layer < c.layers(); layer++) {
                g.layer(layer);
                Columns h = g.normalized(x, "attn_norm");
                Columns q = g.bitLinear(h, "attn_q");
                Columns k = g.bitLinear(h, "attn_k");
                Columns v = g.bitLinear(h, "attn_v");
                g.normalize(q, "attn_q_norm");
                g.normalize(k, "attn_k_norm");
                g.rotate(rope, q);
                g.rotate(rope, k);
                g.add(x, g.bitLinear(g.attention(q, k, v), "attn_output"));

                h = g.normalized(x, "ffn_norm");
                List<Columns> gateAndUp = g.bitLinear(h, "ffn_gate", "ffn_up");
                Columns f = g.gate(c.gate(), gateAndUp.getFirst(), gateAndUp.getLast());
                g.add(x, g.bitLinear(f, "ffn_down"));
            }
            g.logits(x, "output_norm");
        }
    }

    /** Random weights: those of a matrix are -1, 0 and 1, times its scale. */
    private static final class Numbers {

        private final SplittableRandom random;
        private final Map<String, float[]> dense = new HashMap<>();
        private final Map<String, byte[]> ternary = new HashMap<>();
        private final Map<String, Float> scales = new HashMap<>();
        private final Map<String, Integer> cols = new HashMap<>();

        Numbers(long seed) {
            random = new SplittableRandom(seed);
            for (TensorSpec spec : TensorSpec.inLayers(new Second().tensors(shape()), LAYERS)) {
                int size = spec.rows() * spec.cols();
                cols.put(spec.name(), spec.cols());
                switch (spec.role()) {
                    case TERNARY -> {
                        byte[] weights = new byte[size];
                        for (int i = 0; i < size; i++) {
                            weights[i] = (byte) (random.nextInt(3) - 1);
                        }
                        ternary.put(spec.name(), weights);
                        scales.put(spec.name(), (float) (Math.sqrt(1.5 / spec.cols()) * random.nextDouble(0.9, 1.1)));
                    }
                    case TOKENS -> dense.put(spec.name(), numbers(size, -1, 1));
                    case NORM, FACTORS -> dense.put(spec.name(), numbers(size, 0.5, 1.5));
                }
            }
        }

        float[] dense(String name) {
            return Objects.requireNonNull(dense.get(name), name);
        }

        byte[] ternary(String name) {
            return Objects.requireNonNull(ternary.get(name), name);
        }

        float scale(String name) {
            return Objects.requireNonNull(scales.get(name), name);
        }

        List<Long> dims(String name, int size) {
            int width = Objects.requireNonNull(cols.get(name), name);
            return size == width ? List.of((long) width) : List.of((long) width, (long) size / width);
        }

        private static ModelConfig shape() {
            return new ModelConfig(
                    NAME,
                    VOCABULARY,
                    1024,
                    WIDTH,
                    LAYERS,
                    FEED_FORWARD,
                    HEADS,
                    KV_HEADS,
                    HEAD_SIZE,
                    HEAD_SIZE,
                    (float) ROPE_BASE,
                    (float) EPSILON,
                    GateFunction.SILU);
        }

        private float[] numbers(int n, double from, double to) {
            float[] numbers = new float[n];
            for (int i = 0; i < n; i++) {
                numbers[i] = (float) random.nextDouble(from, to);
            }
            return numbers;
        }
    }

    /** A textbook implementation in f64, token by token; only int8 activations are rounded. */
    private static final class Reference {

        private final Numbers numbers;
        private final List<List<double[]>> keys = new ArrayList<>();
        private final List<List<double[]>> values = new ArrayList<>();

        /** The number of f32 roundings from the embedding to here, on the longest path. */
        private int roundings;

        /** The least distance of an int8 rounding from a tie, relative to what that many roundings may move it by. */
        private double clearance = Double.POSITIVE_INFINITY;

        Reference(Numbers numbers) {
            this.numbers = numbers;
            for (int layer = 0; layer < LAYERS; layer++) {
                keys.add(new ArrayList<>());
                values.add(new ArrayList<>());
            }
        }

        double[] logits(int token) {
            roundings = 0;
            int position = keys.getFirst().size();
            double[] x = new double[WIDTH];
            float[] embedding = numbers.dense("token_embd");
            for (int i = 0; i < WIDTH; i++) {
                x[i] = embedding[token * WIDTH + i];
            }
            for (int layer = 0; layer < LAYERS; layer++) {
                String blk = "blk." + layer + ".";
                double[] h = normalized(x, blk + "attn_norm");
                double[][] products = linear(h, blk + "attn_q", blk + "attn_k", blk + "attn_v");
                double[] q = normalized(products[0], blk + "attn_q_norm");
                double[] k = normalized(products[1], blk + "attn_k_norm");
                rotate(q, position);
                rotate(k, position);
                keys.get(layer).add(k);
                values.get(layer).add(products[2]);
                add(x, linear(attention(q, keys.get(layer), values.get(layer)), blk + "attn_output")[0]);

                double[][] gateAndUp = linear(normalized(x, blk + "ffn_norm"), blk + "ffn_gate", blk + "ffn_up");
                double[] f = gateAndUp[0];
                for (int i = 0; i < f.length; i++) {
                    f[i] = f[i] / (1 + StrictMath.exp(-f[i])) * gateAndUp[1][i];
                }
                roundings += 5;
                add(x, linear(f, blk + "ffn_down")[0]);
            }
            double[] last = normalized(x, "output_norm");
            double[] logits = new double[VOCABULARY];
            for (int i = 0; i < logits.length; i++) {
                for (int j = 0; j < WIDTH; j++) {
                    logits[i] += embedding[i * WIDTH + j] * last[j];
                }
            }
            roundings += 1 + WIDTH / Reductions.LANES + 5;
            return logits;
        }

        private double[] normalized(double[] x, String name) {
            float[] weights = numbers.dense(name);
            double[] out = new double[x.length];
            for (int at = 0; at < x.length; at += weights.length) {
                double squares = 0;
                for (int i = 0; i < weights.length; i++) {
                    squares += x[at + i] * x[at + i];
                }
                double scale = 1 / Math.sqrt(squares / weights.length + (float) EPSILON);
                for (int i = 0; i < weights.length; i++) {
                    out[at + i] = x[at + i] * scale * weights[i];
                }
            }
            roundings += 7;
            return out;
        }

        private double[][] linear(double[] x, String... names) {
            double max = 1e-5;
            for (double value : x) {
                max = Math.max(max, Math.abs(value));
            }
            long[] q = new long[x.length];
            for (int i = 0; i < x.length; i++) {
                q[i] = quantize(x[i] * 127 / max);
            }
            double[][] out = new double[names.length][];
            for (int n = 0; n < names.length; n++) {
                byte[] weights = numbers.ternary(names[n]);
                out[n] = new double[weights.length / x.length];
                for (int row = 0; row < out[n].length; row++) {
                    long sum = 0;
                    for (int i = 0; i < x.length; i++) {
                        sum += weights[row * x.length + i] * q[i];
                    }
                    out[n][row] = sum * max / 127 * numbers.scale(names[n]);
                }
            }
            roundings += 4;
            return out;
        }

        /** If f32 arithmetic could round the other way, nothing after that would be comparable. */
        private long quantize(double x) {
            double fromTie = Math.abs(x - Math.floor(x) - 0.5);
            clearance = Math.min(clearance, fromTie / (127 * (roundings + 2) * 0x1p-24));
            return (long) Math.rint(x);
        }

        private void rotate(double[] x, int position) {
            for (int head = 0; head < x.length; head += HEAD_SIZE) {
                for (int i = 0; i < HEAD_SIZE; i += 2) {
                    double angle = position * StrictMath.pow(ROPE_BASE, -(double) i / HEAD_SIZE);
                    double a = x[head + i];
                    double b = x[head + i + 1];
                    x[head + i] = a * StrictMath.cos(angle) - b * StrictMath.sin(angle);
                    x[head + i + 1] = a * StrictMath.sin(angle) + b * StrictMath.cos(angle);
                }
            }
            roundings += 9;
        }

        private double[] attention(double[] q, List<double[]> allKeys, List<double[]> allValues) {
            double[] out = new double[q.length];
            for (int head = 0; head < HEADS; head++) {
                int at = head * HEAD_SIZE;
                int kvAt = head / (HEADS / KV_HEADS) * HEAD_SIZE;
                double[] scores = new double[allKeys.size()];
                double sum = 0;
                for (int i = 0; i < scores.length; i++) {
                    for (int d = 0; d < HEAD_SIZE; d++) {
                        scores[i] += q[at + d] * allKeys.get(i)[kvAt + d];
                    }
                    scores[i] = StrictMath.exp(scores[i] / Math.sqrt(HEAD_SIZE));
                    sum += scores[i];
                }
                for (int i = 0; i < scores.length; i++) {
                    for (int d = 0; d < HEAD_SIZE; d++) {
                        out[at + d] += scores[i] / sum * allValues.get(i)[kvAt + d];
                    }
                }
            }
            roundings += 1 + HEAD_SIZE / Reductions.LANES + 5 + 5 + allKeys.size() + 1;
            return out;
        }

        private void add(double[] x, double[] added) {
            for (int i = 0; i < x.length; i++) {
                x[i] += added[i];
            }
            roundings++;
        }
    }

    private GgufFile file(Numbers numbers, Consumer<GgufWriter> more) throws IOException {
        GgufWriter writer = new GgufWriter();
        writer.text("general.architecture", NAME);
        integer(writer, "context_length", 1024);
        integer(writer, "embedding_length", WIDTH);
        integer(writer, "block_count", LAYERS);
        integer(writer, "feed_forward_length", FEED_FORWARD);
        integer(writer, "attention.head_count", HEADS);
        integer(writer, "attention.head_count_kv", KV_HEADS);
        integer(writer, "attention.key_length", HEAD_SIZE);
        writer.real(NAME + ".rope.freq_base", ValueType.F32, ROPE_BASE);
        writer.real(NAME + ".attention.layer_norm_rms_epsilon", ValueType.F32, EPSILON);
        numbers.dense.forEach((name, values) ->
                writer.tensor(name + ".weight", TensorType.F32, numbers.dims(name, values.length), bytes(values)));
        numbers.ternary.forEach((name, weights) -> writer.tensor(
                name + ".weight",
                TensorType.I2_S,
                numbers.dims(name, weights.length),
                MemorySegment.ofArray(i2s(weights, numbers.scale(name)))));
        more.accept(writer);
        Path path = dir.resolve("second.gguf");
        writer.write(OutputFile.of(path));
        return WeightFile.open(path);
    }

    private static void integer(GgufWriter writer, String key, int value) {
        writer.integer(NAME + "." + key, ValueType.U32, value);
    }

    private static MemorySegment bytes(float[] values) {
        return MemorySegment.ofArray(MemorySegment.ofArray(values).toArray(ValueLayout.JAVA_BYTE));
    }

    /** 128 weights in 32 bytes, in four planes, the first in the high bits; then the scale. */
    private static byte[] i2s(byte[] weights, float scale) {
        byte[] bytes = new byte[weights.length / 4 + 32];
        for (int i = 0; i < weights.length; i++) {
            int plane = i % 128 / 32;
            bytes[i / 128 * 32 + i % 32] |= (byte) ((weights[i] + 1) << (6 - 2 * plane));
        }
        MemorySegment.ofArray(bytes).set(ValueLayout.JAVA_FLOAT_UNALIGNED, weights.length / 4, scale);
        return bytes;
    }

    @SuppressWarnings("MustBeClosedChecker") // The model closes its arena.
    private static Model load(GgufFile file) throws GgufException {
        return Model.load(file, KNOWN, HeadType.STORED, LoadListener.NONE, Arena.ofShared());
    }

    /**
     * Each f32 rounding changes a number by at most {@code 2^-24} of it, and nothing here amplifies the relative error
     * much: norms keep the numbers near 1.
     */
    @Test
    void logitsAreThoseOfAPlainReference() throws IOException {
        Numbers numbers = new Numbers(SEED);
        Reference reference = new Reference(numbers);
        try (GgufFile file = file(numbers, writer -> {});
                Model model = load(file);
                Engine engine = model.engine(Kernels.scalar(), new EngineOptions(1, 0, 2, CacheType.F32));
                Sequence sequence = engine.sequence()) {
            sequence.prompt(TEXT, (i, logits) -> {
                double[] expected = reference.logits(TEXT[i]);
                double largest = Arrays.stream(expected).map(Math::abs).max().orElseThrow();
                double tolerance = reference.roundings * 0x1p-24 * largest;
                assertThat(tolerance).isLessThan(1e-3);
                for (int token = 0; token < VOCABULARY; token++) {
                    assertThat(Math.abs(logits[token] - expected[token]))
                            .as("position %d, token %d", i, token)
                            .isLessThan(tolerance);
                }
            });
        }
        assertThat(reference.clearance).as("distance from a tie").isGreaterThan(1);
    }

    @Test
    void batchesThreadsForksAndPagesChangeNoBit() throws IOException {
        int[] text = new SplittableRandom(5).ints(600, 0, VOCABULARY).toArray();
        int[] longer = Arrays.copyOf(text, 601);
        longer[600] = 7;
        try (GgufFile file = file(new Numbers(SEED), writer -> {});
                Model model = load(file);
                Engine oneByOne = model.engine(Kernels.scalar(), new EngineOptions(1, 0, 1, CacheType.F16));
                Engine batched = model.engine(Kernels.fastest(), new EngineOptions(2, 0, 7, CacheType.F16))) {
            float[] expected = oneByOne.sequence().prompt(longer);
            Sequence original = batched.sequence();
            Sequence other = batched.sequence();
            batched.step(List.of(other.next(9, 8), original.next(text)));
            Sequence fork = original.fork();
            batched.step(List.of(original.next(7), other.next(6), fork.next(5)));
            assertThat(original.logits()).isEqualTo(expected);
            fork.rewind(600);
            assertThat(fork.decode(7)).isEqualTo(expected);
            assertThat(other.logits()).isEqualTo(oneByOne.sequence().prompt(new int[] {9, 8, 6}));
        }
    }

    @Test
    void whatIsNotOfTheArchitectureIsRefusedByName() throws IOException {
        Numbers numbers = new Numbers(SEED);
        refused(
                writer -> writer.tensor(
                        "blk.0.attn_sub_norm.weight", TensorType.F32, List.of((long) WIDTH), bytes(new float[WIDTH])),
                numbers,
                "tensor blk.0.attn_sub_norm.weight",
                "does not belong to a second model of 2 layers");
        refused(
                writer -> writer.text(NAME + ".hidden_activation", "tanh"),
                numbers,
                "second.hidden_activation is \"tanh\", expected relu2, silu or gelu_tanh");
        numbers.dense.remove("blk.1.attn_k_norm");
        refused(writer -> {}, numbers, "no tensor blk.1.attn_k_norm.weight");
    }

    private void refused(Consumer<GgufWriter> more, Numbers numbers, String... messages) throws IOException {
        try (GgufFile file = file(numbers, more)) {
            assertThatThrownBy(() -> load(file))
                    .isInstanceOf(GgufException.class)
                    .hasMessageContainingAll(messages);
        }
    }

    @Test
    void whoDoesNotKnowItNamesWhatIsKnown() throws IOException {
        try (GgufFile file = file(new Numbers(SEED), writer -> {})) {
            assertThatThrownBy(() -> Model.load(file, HeadType.STORED, LoadListener.NONE))
                    .isInstanceOf(GgufException.class)
                    .hasMessageContaining(
                            "general.architecture is \"second\", expected bitnet-b1.58, bitnet-25, bitnet, llama, qwen3 or gemma3");
        }
    }
}
