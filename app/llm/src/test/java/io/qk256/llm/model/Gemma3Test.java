package io.qk256.llm.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufFile;
import io.qk256.gguf.GgufTensor;
import io.qk256.gguf.GgufWriter;
import io.qk256.gguf.TensorType;
import io.qk256.gguf.ValueType;
import io.qk256.gguf.layout.TensorRows;
import io.qk256.gguf.layout.WeightFile;
import io.qk256.spi.support.OutputFile;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The small embedding model as one of Gemma 3, compared with a textbook implementation in f64. */
class Gemma3Test {

    private static final int[] TEXT = {75, 117, 70, 262, 47};
    private static final int WIDTH = 128;
    private static final int HEADS = 4;
    private static final int KV_HEADS = 2;
    private static final int HEAD_SIZE = 64;
    private static final double EPSILON = 1e-6;
    private static final String B0 = "blk.0.";

    @TempDir
    private Path dir;

    private final GgufFile qwen3;

    Gemma3Test() throws GgufException {
        qwen3 = Recorded.file("/fixtures/families/embed.gguf");
    }

    private Path path;

    @BeforeEach
    void write() throws IOException {
        path = write(0);
    }

    private Path write(int window) throws IOException {
        GgufWriter writer = new GgufWriter();
        writer.text("general.architecture", "gemma3");
        integer(writer, "block_count", 1);
        integer(writer, "context_length", 256);
        integer(writer, "embedding_length", WIDTH);
        integer(writer, "feed_forward_length", 256);
        integer(writer, "attention.head_count", HEADS);
        integer(writer, "attention.head_count_kv", KV_HEADS);
        integer(writer, "attention.key_length", HEAD_SIZE);
        if (window > 0) {
            integer(writer, "attention.sliding_window", window);
        }
        writer.real("gemma3.attention.layer_norm_rms_epsilon", ValueType.F32, EPSILON);
        for (GgufTensor tensor : qwen3.tensors()) {
            writer.tensor(tensor.name(), tensor.type(), tensor.dims(), tensor.data());
        }
        SplittableRandom random = new SplittableRandom(3);
        for (String name : List.of("post_attention_norm", "post_ffw_norm")) {
            float[] weights = new float[WIDTH];
            for (int i = 0; i < WIDTH; i++) {
                weights[i] = (float) random.nextDouble(0.5, 1.5);
            }
            byte[] bytes = MemorySegment.ofArray(weights).toArray(ValueLayout.JAVA_BYTE);
            writer.tensor(B0 + name + ".weight", TensorType.F32, List.of((long) WIDTH), MemorySegment.ofArray(bytes));
        }
        Path written = dir.resolve("gemma3-" + window + ".gguf");
        writer.write(OutputFile.of(written));
        return written;
    }

    private static void integer(GgufWriter writer, String key, int value) {
        writer.integer("gemma3." + key, ValueType.U32, value);
    }

    @Test
    void statesAreThoseOfAPlainReference() throws IOException {
        try (GgufFile file = WeightFile.open(path)) {
            float[] seen = Stages.end(file, TEXT);
            List<double[]> expected = new Reference(file).states();
            for (int token = 0; token < TEXT.length; token++) {
                for (int i = 0; i < WIDTH; i++) {
                    assertThat(Math.abs(seen[token * WIDTH + i] - expected.get(token)[i]))
                            .as("position %d, value %d", token, i)
                            .isLessThan(2e-5);
                }
            }
        }
    }

    @Test
    void aSlidingWindowIsRefused() throws IOException {
        try (GgufFile file = WeightFile.open(write(512))) {
            assertThatThrownBy(() -> Model.load(file, HeadType.STORED, LoadListener.NONE))
                    .isInstanceOf(GgufException.class)
                    .hasMessageContaining("gemma3.attention.sliding_window is 512, expected 0");
        }
    }

    @Test
    void theGateIsTheApproximationByTanh() {
        for (double x = -12; x < 12; x += 0.01) {
            float[] gate = {(float) x};
            GateFunction.GELU.apply(gate, new float[] {1}, 0, 1, new Exponentials());
            double exact = gelu((float) x);
            assertThat(Math.abs(gate[0] - exact)).as("gelu(%s)", x).isLessThan(1e-6 * Math.max(1, Math.abs(x)));
        }
    }

    private static double gelu(double x) {
        return x / 2 * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
    }

    /** One layer in f64; only int8 activations are rounded. */
    private static final class Reference {

        private final GgufFile file;

        Reference(GgufFile file) {
            this.file = file;
        }

        List<double[]> states() throws GgufException {
            List<double[]> states = new ArrayList<>();
            List<double[]> keys = new ArrayList<>();
            List<double[]> values = new ArrayList<>();
            double[][] embedding = matrix("token_embd");
            for (int token : TEXT) {
                double[] x = embedding[token].clone();
                for (int i = 0; i < WIDTH; i++) {
                    x[i] *= Math.sqrt(WIDTH);
                }
                double[] h = normalized(x, B0 + "attn_norm");
                double[] q = rotated(normalized(product(h, "attn_q"), B0 + "attn_q_norm"), keys.size());
                keys.add(rotated(normalized(product(h, "attn_k"), B0 + "attn_k_norm"), keys.size()));
                values.add(product(h, "attn_v"));
                double[] a = product(attention(q, keys, values), "attn_output");
                add(x, normalized(a, B0 + "post_attention_norm"));
                h = normalized(x, B0 + "ffn_norm");
                double[] f = product(h, "ffn_gate");
                double[] up = product(h, "ffn_up");
                for (int i = 0; i < f.length; i++) {
                    f[i] = gelu(f[i]) * up[i];
                }
                add(x, normalized(product(f, "ffn_down"), B0 + "post_ffw_norm"));
                states.add(normalized(x, "output_norm"));
            }
            return states;
        }

        private double[][] matrix(String name) throws GgufException {
            TensorRows rows = TensorRows.of(file.requireTensor(name + ".weight"));
            int count = (int) rows.tensor().rows();
            float[] row = new float[(int) rows.tensor().cols()];
            double[][] matrix = new double[count][row.length];
            for (int i = 0; i < count; i++) {
                rows.reader(1).read(i, 1, row, 0);
                for (int j = 0; j < row.length; j++) {
                    matrix[i][j] = row[j];
                }
            }
            return matrix;
        }

        private double[] normalized(double[] x, String name) throws GgufException {
            double[] weights = matrix(name)[0];
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
            return out;
        }

        private double[] product(double[] x, String name) throws GgufException {
            double[] in = normalized(x, B0 + name + "_norm_in");
            double max = 1e-5;
            for (double value : in) {
                max = Math.max(max, Math.abs(value));
            }
            double[][] weights = matrix(B0 + name);
            double[] out = new double[weights.length];
            for (int row = 0; row < out.length; row++) {
                for (int i = 0; i < in.length; i++) {
                    out[row] += weights[row][i] * (Math.rint(in[i] * 127 / max) * max / 127);
                }
            }
            return out;
        }

        private static double[] rotated(double[] x, int position) {
            double[] out = new double[x.length];
            for (int head = 0; head < x.length; head += HEAD_SIZE) {
                for (int i = 0; i < HEAD_SIZE / 2; i++) {
                    double angle = position * Math.pow(10_000, -2.0 * i / HEAD_SIZE);
                    double a = x[head + i];
                    double b = x[head + HEAD_SIZE / 2 + i];
                    out[head + i] = a * Math.cos(angle) - b * Math.sin(angle);
                    out[head + HEAD_SIZE / 2 + i] = a * Math.sin(angle) + b * Math.cos(angle);
                }
            }
            return out;
        }

        private static double[] attention(double[] q, List<double[]> keys, List<double[]> values) {
            double[] out = new double[q.length];
            for (int head = 0; head < HEADS; head++) {
                int at = head * HEAD_SIZE;
                int kvAt = head / (HEADS / KV_HEADS) * HEAD_SIZE;
                double[] scores = new double[keys.size()];
                double sum = 0;
                for (int i = 0; i < scores.length; i++) {
                    for (int d = 0; d < HEAD_SIZE; d++) {
                        scores[i] += q[at + d] * keys.get(i)[kvAt + d];
                    }
                    scores[i] = Math.exp(scores[i] / Math.sqrt(HEAD_SIZE));
                    sum += scores[i];
                }
                for (int i = 0; i < scores.length; i++) {
                    for (int d = 0; d < HEAD_SIZE; d++) {
                        out[at + d] += scores[i] / sum * values.get(i)[kvAt + d];
                    }
                }
            }
            return out;
        }

        private static void add(double[] x, double[] added) {
            for (int i = 0; i < x.length; i++) {
                x[i] += added[i];
            }
        }
    }
}
