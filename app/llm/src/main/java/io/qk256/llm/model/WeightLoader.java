package io.qk256.llm.model;

import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufFile;
import io.qk256.gguf.GgufTensor;
import io.qk256.gguf.Progress;
import io.qk256.gguf.TensorType;
import io.qk256.gguf.layout.FiniteCheck;
import io.qk256.gguf.layout.Repack;
import io.qk256.spi.Qk256Matrix;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/** Finds the tensors of a model by name, checks their shapes, and repacks the ternary ones with all processors. */
final class WeightLoader {

    static final String EMBEDDING = "token_embd.weight";

    private static final String OUTPUT = "output.weight";
    private static final String OUTPUT_NORM = "output_norm.weight";
    private static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final GgufFile file;
    private final ModelConfig config;
    private final Arena arena;
    private final LoadListener listener;
    private final Set<String> used = new HashSet<>();
    private Map<String, Qk256Matrix> matrices = Map.of();

    private WeightLoader(GgufFile file, ModelConfig config, Arena arena, LoadListener listener) {
        this.file = file;
        this.config = config;
        this.arena = arena;
        this.listener = listener;
    }

    /**
     * Loads all weights.
     *
     * @param arena receives the repacked ones
     * @throws GgufException if a tensor is missing, or of another type or shape than the model's
     */
    static Weights load(GgufFile file, ModelConfig config, Arena arena, LoadListener listener) throws GgufException {
        return new WeightLoader(file, config, arena, listener).load();
    }

    private Weights load() throws GgufException {
        Weights weights = read();
        requireAllUsed();
        int threads = Runtime.getRuntime().availableProcessors();
        for (String name : List.of(EMBEDDING, OUTPUT)) {
            Optional<GgufTensor> tensor = file.findTensor(name);
            if (tensor.isPresent()) {
                FiniteCheck.require(tensor.get(), threads, listener);
            }
        }
        return weights;
    }

    /** A tensor that nobody asked for would change what the model computes, if only it were known how. */
    private void requireAllUsed() throws GgufException {
        for (GgufTensor tensor : file.tensors()) {
            if (!used.contains(tensor.name())) {
                throw new GgufException(tensor + ": is no part of a " + config.architecture() + " model of "
                        + config.layers()
                        + " layers as it is computed here, expected no such tensor; to ignore it would"
                        + " give other text");
            }
        }
    }

    private Weights read() throws GgufException {
        DenseMatrix embedding = dense(EMBEDDING);
        DenseMatrix output = file.findTensor(OUTPUT).isPresent() ? dense(OUTPUT) : embedding;
        int threads = Runtime.getRuntime().availableProcessors();
        matrices = Repack.repackAll(ternaryTensors(), arena, threads, listener);
        List<Layer> layers = new ArrayList<>();
        for (int i = 0; i < config.layers(); i++) {
            layers.add(layer(prefix(i)));
        }
        return new Weights(config, embedding, List.copyOf(layers), norm(OUTPUT_NORM, config.width()), output);
    }

    private static String prefix(int layer) {
        return "blk." + layer + ".";
    }

    /** All of them, so that threads share the work however large each is. */
    private List<GgufTensor> ternaryTensors() throws GgufException {
        int width = config.width();
        int kvWidth = config.kvWidth();
        int feedForward = config.feedForward();
        List<GgufTensor> tensors = new ArrayList<>();
        for (int i = 0; i < config.layers(); i++) {
            String prefix = prefix(i);
            tensors.add(tensor(prefix + "attn_q.weight", width, width));
            tensors.add(tensor(prefix + "attn_k.weight", width, kvWidth));
            tensors.add(tensor(prefix + "attn_v.weight", width, kvWidth));
            tensors.add(tensor(prefix + "attn_output.weight", width, width));
            tensors.add(tensor(prefix + "ffn_gate.weight", width, feedForward));
            tensors.add(tensor(prefix + "ffn_up.weight", width, feedForward));
            tensors.add(tensor(prefix + "ffn_down.weight", feedForward, width));
        }
        return tensors;
    }

    private Layer layer(String prefix) throws GgufException {
        int width = config.width();
        return new Layer(
                norm(prefix + "attn_norm.weight", width),
                ternary(prefix + "attn_q"),
                ternary(prefix + "attn_k"),
                ternary(prefix + "attn_v"),
                norm(prefix + "attn_sub_norm.weight", width),
                ternary(prefix + "attn_output"),
                norm(prefix + "ffn_norm.weight", width),
                ternary(prefix + "ffn_gate"),
                ternary(prefix + "ffn_up"),
                norm(prefix + "ffn_sub_norm.weight", config.feedForward()),
                ternary(prefix + "ffn_down"));
    }

    private DenseMatrix dense(String name) throws GgufException {
        return DenseMatrix.of(tensor(name, config.width(), config.vocabulary()));
    }

    private RmsNorm norm(String name, int size) throws GgufException {
        GgufTensor tensor = tensor(name, size, 1);
        requireF32(tensor);
        FiniteCheck.require(tensor, 1, Progress.NONE);
        return new RmsNorm(tensor.data().toArray(F32), config.epsilon());
    }

    private Qk256Matrix ternary(String name) throws GgufException {
        Qk256Matrix matrix = Objects.requireNonNull(matrices.get(name + ".weight"));
        if (!matrix.supportsInt8()) {
            throw new GgufException(file.name() + ", tensor " + name + ".weight: int8 products of " + matrix.cols()
                    + " columns do not fit in int32, expected at most 8388607");
        }
        Optional<GgufTensor> scale = file.findTensor(name + ".scale");
        if (scale.isPresent()) {
            GgufTensor one = tensor(name + ".scale", 1, 1);
            requireF32(one);
            float product = matrix.tensorScale() * one.data().get(F32, 0);
            if (!Float.isFinite(product)) {
                throw new GgufException(one + ": is " + one.data().get(F32, 0) + " and makes the scale of " + name
                        + ".weight " + product + ", expected a finite number; the data is damaged");
            }
            matrix = matrix.withTensorScale(product);
        }
        return matrix;
    }

    private GgufTensor tensor(String name, int cols, int rows) throws GgufException {
        GgufTensor tensor = file.requireTensor(name);
        used.add(name);
        if (tensor.cols() != cols || tensor.rows() != rows) {
            throw new GgufException(tensor + ": expected " + rows + "x" + cols
                    + " (rows x columns) by the sizes in the metadata; the file is damaged");
        }
        return tensor;
    }

    private static void requireF32(GgufTensor tensor) throws GgufException {
        if (tensor.type() != TensorType.F32) {
            throw new GgufException(tensor + ": expected F32; convert the model again with a current converter");
        }
    }
}
