package io.qk256.llm.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufFile;
import io.qk256.gguf.GgufTensor;
import io.qk256.gguf.GgufWriter;
import io.qk256.gguf.Progress;
import io.qk256.gguf.TensorType;
import io.qk256.gguf.convert.Conversion;
import io.qk256.gguf.layout.TensorRows;
import io.qk256.gguf.layout.WeightFile;
import io.qk256.spi.support.OutputFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Random models of several families, compared with llama.cpp, bitnet.cpp and a reference in f64; see the README. */
class FamiliesTest {

    @TempDir
    private Path dir;

    private static final String LLAMA_I2S = "llama-b-i2_s-freqs";
    private static final int[] LLAMA_I2S_TOKENS = {269, 258, 236, 227, 259, 271, 156, 156, 13, 25, 183, 16};
    private static final String BITNET = "bitnet-d-head48";
    private static final int[] BITNET_TOKENS = {1, 258, 119, 186, 155, 287, 213, 213, 56, 236, 127, 136};

    private static final String LLAMA_TQ2 = "llama-a-tq2_0";
    private static final int[] LLAMA_TQ2_TOKENS = {1, 35, 179, 107, 45, 287, 152, 152, 235, 255, 155, 221};
    private static final String QWEN3 = "qwen3-a-g64";
    private static final int[] QWEN3_TOKENS = {428, 143, 174, 333, 185, 511, 105, 105, 237, 240, 320, 200};
    private static final String QWEN3_YARN = "qwen3-b-yarn";
    private static final int[] QWEN3_YARN_TOKENS = {293, 46, 382, 11, 403, 511, 143, 143, 63, 288, 322, 125};
    private static final int[] SPLIT_TOKENS = {1, 16, 233, 272, 253, 287, 210, 210, 91, 7, 153, 219};
    private static final int[] F16_NORMS_TOKENS = {1, 49, 262, 101, 120, 287, 121, 121, 282, 283, 193, 55};
    private static final String EMBEDDING = "embed";
    private static final int[] EMBEDDING_TOKENS = {75, 117, 70, 262, 47, 241, 214, 269};

    /** Rotation of neighbors with divisors, an embedding that is also the head. */
    @Test
    void llama() throws GgufException {
        List<float[]> stages = Stages.of(file(LLAMA_I2S), LLAMA_I2S_TOKENS, (g, c) -> {
            Rope rope = g.rope(Rope.Pairs.NEIGHBORS);
            Columns x = g.embedding();
            g.layer(0);
            List<Columns> qk = g.bitLinear(g.normalized(x, "attn_norm"), "attn_q", "attn_k");
            g.rotate(rope, qk.get(0));
            g.rotate(rope, qk.get(1));
            return qk;
        });
        close(LLAMA_I2S + ".stages/Qrope", stages.get(0), 1.1e-5);
        close(LLAMA_I2S + ".stages/Krope", stages.get(1), 1.8e-5);
        List<float[]> logits = logits(file(LLAMA_I2S), LLAMA_I2S_TOKENS);
        close(LLAMA_I2S + ".logits.kv32", joined(logits), 0.0038);
        sameArgmax(LLAMA_I2S + ".logits.exact", logits);
        spread(LLAMA_I2S + ".logits.exact", logits, 1.5 * 0.18);
    }

    /** TQ2_0 with an embedding in Q4_K and a head in Q6_K, as llama.cpp makes them; activations in groups. */
    @Test
    void llamaThatWasTrainedWithoutRounding() throws GgufException {
        GgufFile file = file(LLAMA_TQ2);
        List<float[]> stages = Stages.of(file, LLAMA_TQ2_TOKENS, (g, c) -> {
            Rope rope = g.rope(Rope.Pairs.NEIGHBORS);
            Columns x = g.embedding();
            g.layer(0);
            List<Columns> qk = g.bitLinear(g.normalized(x, "attn_norm"), "attn_q", "attn_k");
            g.rotate(rope, qk.get(0));
            g.rotate(rope, qk.get(1));
            return List.of(x, qk.get(0), qk.get(1));
        });
        close(LLAMA_TQ2 + ".stages/inp_embd", stages.get(0), 1.5e-5);
        near(LLAMA_TQ2 + ".stages/Qrope", stages.get(1));
        near(LLAMA_TQ2 + ".stages/Krope", stages.get(2));
        float[] states = Stages.endPerToken(file, LLAMA_TQ2_TOKENS);
        close(LLAMA_TQ2 + ".logits.token_int8", head(file, states, HeadRounding.NONE), 0.0002);
        List<float[]> logits = logits(file, LLAMA_TQ2_TOKENS);
        sameArgmax(LLAMA_TQ2 + ".logits.exact", logits);
        spread(LLAMA_TQ2 + ".logits.exact", logits, 1.5 * 0.017);
    }

    /** Scales for groups of 64 weights; the embedding in Q6_K is also the head. */
    @Test
    void qwen3() throws GgufException {
        GgufFile file = file(QWEN3);
        List<float[]> embedding = Stages.of(file, QWEN3_TOKENS, (g, c) -> List.of(g.embedding()));
        close(QWEN3 + ".stages/inp_embd", embedding.getFirst(), 2.5e-6);
        List<float[]> stages = Stages.of(file, QWEN3_TOKENS, (g, c) -> {
            Rope rope = g.rope(Rope.Pairs.HALVES);
            Columns x = g.embedding();
            g.layer(0);
            Columns h = g.normalized(x, "attn_norm");
            List<Columns> qkv = g.bitLinear(h, "attn_q", "attn_k", "attn_v");
            g.normalize(qkv.get(0), "attn_q_norm");
            g.normalize(qkv.get(1), "attn_k_norm");
            g.rotate(rope, qkv.get(0));
            g.rotate(rope, qkv.get(1));
            Columns a = g.attention(qkv.get(0), qkv.get(1), qkv.get(2));
            g.add(x, g.bitLinear(a, "attn_output"));
            List<Columns> gateAndUp = g.bitLinear(g.normalized(x, "ffn_norm"), "ffn_gate", "ffn_up");
            Columns f = g.gate(c.gate(), gateAndUp.get(0), gateAndUp.get(1));
            g.add(x, g.bitLinear(f, "ffn_down"));
            return List.of(h, qkv.get(0), qkv.get(1), qkv.get(2), a, f, x);
        });
        close(QWEN3 + ".stages/attn_norm", stages.get(0), 7.2e-6);
        near(QWEN3 + ".stages/Qrope", stages.get(1));
        near(QWEN3 + ".stages/Krope", stages.get(2));
        near(QWEN3 + ".stages/V", stages.get(3));
        near(QWEN3 + ".stages/kqv_out", stages.get(4));
        near(QWEN3 + ".stages/ffn_swiglu", stages.get(5));
        near(QWEN3 + ".stages/l_out", stages.get(6));
        float[] states = Stages.endPerToken(file, QWEN3_TOKENS);
        close(QWEN3 + ".logits.token_int8", head(file, states, HeadRounding.NONE), 0.00033);
        List<float[]> logits = logits(file, QWEN3_TOKENS);
        sameArgmax(QWEN3 + ".logits.exact", logits);
        spread(QWEN3 + ".logits.exact", logits, 1.5 * 0.19);
        // The same weights in groups of 128.
        float[] inGroupsOf128 = joined(logits(file("qwen3-a-g128"), QWEN3_TOKENS));
        assertThat(inGroupsOf128).containsExactly(joined(logits), within(0.00016f));
    }

    /**
     * YaRN, heads wider than the state, codes 3, embedding and head in Q2_0, and channels with large values, for which
     * groups of activations must be no worse than ggml's Q8_0.
     */
    @Test
    void qwen3WithYarnAndOutliers() throws GgufException {
        GgufFile file = file(QWEN3_YARN);
        List<float[]> stages = Stages.of(file, QWEN3_YARN_TOKENS, (g, c) -> {
            Rope rope = g.rope(Rope.Pairs.HALVES);
            Columns x = g.embedding();
            g.layer(0);
            List<Columns> qk = g.bitLinear(g.normalized(x, "attn_norm"), "attn_q", "attn_k");
            g.normalize(qk.get(0), "attn_q_norm");
            g.normalize(qk.get(1), "attn_k_norm");
            g.rotate(rope, qk.get(0));
            g.rotate(rope, qk.get(1));
            return qk;
        });
        near(QWEN3_YARN + ".stages/Qrope", stages.get(0));
        near(QWEN3_YARN + ".stages/Krope", stages.get(1));
        float[] states = Stages.endPerToken(file, QWEN3_YARN_TOKENS);
        close(QWEN3_YARN + ".logits.token_int8", head(file, states, HeadRounding.PER_TOKEN), 0.0002);
        List<float[]> logits = logits(file, QWEN3_YARN_TOKENS);
        sameArgmax(QWEN3_YARN + ".logits.exact", logits);
        spread(QWEN3_YARN + ".logits.exact", logits, 0.075);
    }

    @Test
    void aSplitModelAndNormsInF16() throws IOException {
        for (int part = 1; part <= 3; part++) {
            String name = "split-0000" + part + "-of-00003.gguf";
            Files.write(dir.resolve(name), Recorded.bytes("/fixtures/families/" + name));
        }
        try (GgufFile file = WeightFile.open(dir.resolve("split-00002-of-00003.gguf"))) {
            List<float[]> logits = logits(file, SPLIT_TOKENS);
            sameArgmax("split-whole.logits.exact", logits);
            spread("split-whole.logits.exact", logits, 1.5 * 0.17);
        }
        List<float[]> logits = logits(file("f16norms"), F16_NORMS_TOKENS);
        sameArgmax("f16norms.logits.exact", logits);
        spread("f16norms.logits.exact", logits, 1.5 * 0.17);
    }

    /** Heads of 48 values, more of them than fill the vectors; SiLU; linear scaling with factor 1. */
    @Test
    void bitnetWithHeadsOf48() throws GgufException {
        List<float[]> stages = Stages.of(file(BITNET), BITNET_TOKENS, (g, c) -> {
            Rope rope = g.rope(Rope.Pairs.HALVES);
            Columns x = g.embedding();
            g.layer(0);
            List<Columns> qkv = g.bitLinear(g.normalized(x, "attn_norm"), "attn_q", "attn_k", "attn_v");
            g.rotate(rope, qkv.get(0));
            g.rotate(rope, qkv.get(1));
            Columns a = g.attention(qkv.get(0), qkv.get(1), qkv.get(2));
            g.normalize(a, "attn_sub_norm");
            return List.of(qkv.get(0), a);
        });
        close(BITNET + ".stages/Qrope", stages.get(0), 1.3e-5);
        close(BITNET + ".stages/attn_sub_norm", stages.get(1), 1.5e-5);
        // The peer's head rounds the state to int8; this project's head does not.
        float[] states = Stages.end(file(BITNET), BITNET_TOKENS);
        close(BITNET + ".logits.kv32", head(file(BITNET), states, HeadRounding.Q8_0), 0.00021);
        List<float[]> logits = logits(file(BITNET), BITNET_TOKENS);
        sameArgmax(BITNET + ".logits.exact", logits);
        spread(BITNET + ".logits.exact", logits, 1.5 * 0.18);
    }

    /** Norms in F16, one more before each projection; heads wider than the state, normalized one by one. */
    @Test
    void qwen3AsEmbeddingModel() throws GgufException {
        float[] states = Stages.end(file(EMBEDDING), EMBEDDING_TOKENS);
        close(EMBEDDING + ".hidden.token_int8", states, 2e-4);
    }

    /** Converters store matrices whose rows do not fit in the blocks of a ternary type in another one. */
    @Test
    void aMatrixOfAnotherTypeIsMultipliedToo() throws IOException {
        GgufFile original = file(LLAMA_I2S);
        GgufWriter writer = new GgufWriter();
        original.metadata().values().forEach(writer::copy);
        String name = "blk.0.attn_k.weight";
        TensorRows rows = TensorRows.of(original.requireTensor(name));
        float[] values = new float[128 * 256];
        rows.reader(128).read(0, 128, values, 0);
        for (GgufTensor tensor : original.tensors()) {
            boolean changed = tensor.name().equals(name);
            MemorySegment data = changed ? bytes(values) : tensor.data();
            writer.tensor(tensor.name(), changed ? TensorType.F32 : tensor.type(), tensor.dims(), data);
        }
        writer.tensor("blk.0.attn_k.scale", TensorType.F32, List.of(1L), bytes(new float[] {3}));
        Path path = dir.resolve("mixed.gguf");
        writer.write(OutputFile.of(path));
        BiFunction<Graph, ModelConfig, List<Columns>> steps = (g, c) -> {
            Columns x = g.embedding();
            g.layer(0);
            Columns h = g.normalized(x, "attn_norm");
            List<Columns> qkv = g.bitLinear(h, "attn_q", "attn_k", "attn_v");
            return List.of(h, qkv.get(0), qkv.get(1), qkv.get(2));
        };
        try (GgufFile file = WeightFile.open(path)) {
            List<float[]> ternary = Stages.of(original, LLAMA_I2S_TOKENS, steps);
            List<float[]> seen = Stages.of(file, LLAMA_I2S_TOKENS, steps);
            assertThat(seen.get(1)).isEqualTo(ternary.get(1));
            assertThat(seen.get(3)).isEqualTo(ternary.get(3));
            for (int i = 0; i < seen.get(2).length; i++) {
                double sum = 0;
                for (int j = 0; j < 256; j++) {
                    sum += 3.0 * values[i % 128 * 256 + j] * seen.get(0)[i / 128 * 256 + j];
                }
                assertThat((double) seen.get(2)[i]).isCloseTo(sum, within(2e-5));
            }
        }
    }

    private static MemorySegment bytes(float[] values) {
        return MemorySegment.ofArray(MemorySegment.ofArray(values).toArray(ValueLayout.JAVA_BYTE));
    }

    /** Groups, the type of scales and the rounding of activations are kept, so the logits have the same bits. */
    @Test
    void aConvertedModelIsTheSame() throws IOException {
        for (String name : List.of(QWEN3, QWEN3_YARN, LLAMA_TQ2, LLAMA_I2S, EMBEDDING)) {
            Path stored = dir.resolve("stored.gguf");
            Conversion.convert(file(name), stored, Conversion.Target.QK256, false, 1, Progress.NONE);
            try (GgufFile file = WeightFile.open(stored)) {
                assertThat(joined(logits(file, EMBEDDING_TOKENS)))
                        .as(name)
                        .isEqualTo(joined(logits(file(name), EMBEDDING_TOKENS)));
            }
        }
    }

    @Test
    void everyKernelThreadAndBatchGivesTheSameBits() throws GgufException {
        for (String name : List.of(LLAMA_I2S, LLAMA_TQ2, BITNET, QWEN3, QWEN3_YARN, EMBEDDING)) {
            int[] tokens = new int[100];
            Arrays.setAll(tokens, i -> i * 37 % 250);
            List<float[]> seen = new ArrayList<>();
            try (Model model = Model.load(file(name), HeadType.STORED, LoadListener.NONE);
                    Engine one = model.engine(Kernels.scalar(), new EngineOptions(1, 0, 1, CacheType.F16));
                    Engine other = model.engine(Kernels.fastest(), new EngineOptions(2, 0, 33, CacheType.F16))) {
                seen.add(one.sequence().prompt(tokens));
                seen.add(other.sequence().prompt(tokens));
            }
            assertThat(seen.getFirst()).as(name).isEqualTo(seen.getLast());
        }
    }

    @Test
    void familiesThatAreNotSupportedAreRefusedByWhatTheyAre() throws GgufException {
        refused("refuse-qwen35", "general.architecture is \"qwen35\"", "Bonsai 27B, Bonsai 2");
        refused("refuse-hadamard", "prism.hadamard.version is 1, expected no such key", "stored rotated");
    }

    private static void refused(String name, String... messages) throws GgufException {
        GgufFile file = file(name);
        assertThatThrownBy(() -> Model.load(file, HeadType.STORED, LoadListener.NONE))
                .isInstanceOf(GgufException.class)
                .hasMessageContainingAll(messages);
    }

    private static GgufFile file(String name) throws GgufException {
        return Recorded.file("/fixtures/families/" + name + ".gguf");
    }

    /** The logits after each token. */
    private static List<float[]> logits(GgufFile file, int[] tokens) throws GgufException {
        List<float[]> all = new ArrayList<>();
        try (Model model = Model.load(file, HeadType.STORED, LoadListener.NONE);
                Engine engine = model.engine(Kernels.fastest(), new EngineOptions(2, 0, 5, CacheType.F32));
                Sequence sequence = engine.sequence()) {
            sequence.prompt(tokens, (i, logits) -> all.add(logits.clone()));
        }
        return all;
    }

    /** How a test's head rounds a state. */
    private enum HeadRounding {
        NONE,
        PER_TOKEN,
        Q8_0
    }

    /** Logits of states that are rounded as an operand of the head, with all else exact. */
    private static float[] head(GgufFile file, float[] states, HeadRounding rounding) throws GgufException {
        Weights weights =
                Model.weights(file, Architectures.KNOWN, LoadListener.NONE, WeightMemory.repackedInto(Arena.ofAuto()));
        int width = weights.config().width();
        int vocabulary = weights.config().vocabulary();
        DenseMatrix.Reader rows = weights.output().reader(vocabulary);
        rows.read(0, vocabulary);
        float[] logits = new float[states.length / width * vocabulary];
        for (int token = 0; token < states.length / width; token++) {
            double[] x = rounded(Arrays.copyOfRange(states, token * width, (token + 1) * width), rounding);
            for (int row = 0; row < vocabulary; row++) {
                double sum = 0;
                for (int i = 0; i < width; i++) {
                    sum += x[i] * rows.values[row * width + i];
                }
                logits[token * vocabulary + row] = (float) sum;
            }
        }
        return logits;
    }

    private static double[] rounded(float[] state, HeadRounding rounding) {
        double[] x = new double[state.length];
        float whole = PlainReductions.largestMagnitude(state, 0, state.length);
        for (int i = 0; i < x.length; i++) {
            float max = PlainReductions.largestMagnitude(state, i / 32 * 32, 32);
            x[i] = switch (rounding) {
                case NONE -> state[i];
                case PER_TOKEN -> Math.rint(state[i] * (127 / whole)) * whole / 127;
                case Q8_0 -> Math.rint(state[i] * (127 / max)) * Float.float16ToFloat(Float.floatToFloat16(max / 127));
            };
        }
        return x;
    }

    private static float[] joined(List<float[]> columns) {
        int length = columns.getFirst().length;
        float[] all = new float[columns.size() * length];
        for (int i = 0; i < columns.size(); i++) {
            System.arraycopy(columns.get(i), 0, all, i * length, length);
        }
        return all;
    }

    private static void close(String name, float[] seen, double tolerance) {
        float[] expected = Recorded.floats("/fixtures/families/" + name + ".f32");
        assertThat(seen).as(name).hasSize(expected.length);
        for (int i = 0; i < seen.length; i++) {
            assertThat((double) Math.abs(seen[i] - expected[i]))
                    .as("%s, value %d", name, i)
                    .isLessThanOrEqualTo(tolerance);
        }
    }

    /** After products whose activations the peer has rounded in another way. */
    private static void near(String name, float[] seen) {
        float[] expected = Recorded.floats("/fixtures/families/" + name + ".f32");
        assertThat(seen).as(name).hasSize(expected.length);
        double errors = 0;
        double squares = 0;
        for (int i = 0; i < seen.length; i++) {
            errors += Math.pow(seen[i] - (double) expected[i], 2);
            squares += Math.pow(expected[i], 2);
        }
        assertThat(Math.sqrt(errors / squares)).as(name).isLessThan(0.02);
    }

    private static void sameArgmax(String name, List<float[]> logits) {
        float[] expected = Recorded.floats("/fixtures/families/" + name + ".f32");
        for (int i = 0; i < logits.size(); i++) {
            int n = logits.get(i).length;
            float[] column = Arrays.copyOfRange(expected, i * n, (i + 1) * n);
            assertThat(Argmax.of(logits.get(i))).as("%s, position %d", name, i).isEqualTo(Argmax.of(column));
        }
    }

    /** The root of the mean square of all differences. */
    private static void spread(String name, List<float[]> logits, double limit) {
        float[] expected = Recorded.floats("/fixtures/families/" + name + ".f32");
        float[] seen = joined(logits);
        double squares = 0;
        for (int i = 0; i < seen.length; i++) {
            squares += Math.pow(seen[i] - (double) expected[i], 2);
        }
        assertThat(Math.sqrt(squares / seen.length)).as(name).isLessThanOrEqualTo(limit);
    }
}
