package io.qk256.llm.model;

import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufFile;
import io.qk256.gguf.GgufTensor;
import io.qk256.gguf.Progress;
import io.qk256.gguf.TensorType;
import io.qk256.gguf.layout.FiniteCheck;
import io.qk256.gguf.layout.Repack;
import io.qk256.gguf.layout.TensorRows;
import io.qk256.llm.model.TensorSpec.Role;
import io.qk256.spi.Qk256Matrix;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * Finds the tensors that an {@link Architecture} lists, checks their shapes, and repacks the ternary ones, using all
 * processors. A tensor that is not in the list is refused.
 */
final class WeightLoader {

    private static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** A weight of more bits is surely not one of four values. */
    private static final int MOST_BITS = 3;

    private static final Set<TensorType> NORM_TYPES = Set.of(TensorType.F32, TensorType.F16, TensorType.BF16);

    private final GgufFile file;
    private final Architecture architecture;
    private final ModelConfig config;

    /** Names of the tensors found so far. */
    private final Set<String> known = new HashSet<>();

    private WeightLoader(GgufFile file, Architecture architecture, ModelConfig config) {
        this.file = file;
        this.architecture = architecture;
        this.config = config;
    }

    /**
     * Loads all weights, and checks all but those of the head.
     *
     * @param memory where the 2-bit weights will be
     * @throws GgufException if a tensor is missing, does not belong to the model, or has the wrong type or shape
     */
    static Weights load(
            GgufFile file, Architecture architecture, ModelConfig config, WeightMemory memory, LoadListener listener)
            throws GgufException {
        return new WeightLoader(file, architecture, config).load(memory, listener);
    }

    private Weights load(WeightMemory memory, LoadListener listener) throws GgufException {
        List<TensorSpec> specs = TensorSpec.inLayers(architecture.tensors(config), config.layers());
        Map<String, GgufTensor> dense = find(specs, Role.TOKENS);
        Map<String, GgufTensor> ternary = find(specs, Role.TERNARY);
        Map<String, GgufTensor> norms = find(specs, Role.NORM);
        Map<String, GgufTensor> factors = find(specs, Role.FACTORS);
        requireNoOther();
        requireTernary(ternary);
        moveDense(ternary, dense, factors);
        String head = dense.containsKey(Weights.OUTPUT) ? Weights.OUTPUT : Weights.EMBEDDING;
        GgufTensor headTensor = Objects.requireNonNull(dense.get(head));
        if (Repack.refusal(headTensor.type()).isEmpty()) {
            ternary.put(Weights.OUTPUT, headTensor);
        }
        int threads = Runtime.getRuntime().availableProcessors();
        Map<String, DenseMatrix> denseMatrices = new HashMap<>();
        for (Map.Entry<String, GgufTensor> entry : dense.entrySet()) {
            denseMatrices.put(entry.getKey(), DenseMatrix.of(entry.getValue()));
        }
        Map<String, Qk256Matrix> repacked = memory.matrices(ternary.values(), threads, listener);
        Map<String, RmsNorm> normWeights = new HashMap<>();
        for (Map.Entry<String, GgufTensor> entry : norms.entrySet()) {
            normWeights.put(entry.getKey(), norm(entry.getValue()));
        }
        Map<String, float[]> factorValues = new HashMap<>();
        for (Map.Entry<String, GgufTensor> entry : factors.entrySet()) {
            factorValues.put(entry.getKey(), factors(entry.getValue()));
        }
        Map<String, Qk256Matrix> matrices = new HashMap<>();
        for (Map.Entry<String, GgufTensor> entry : ternary.entrySet()) {
            Qk256Matrix matrix = repacked.get(entry.getValue().name());
            matrices.put(entry.getKey(), scaled(entry.getKey(), Objects.requireNonNull(matrix)));
        }
        for (Map.Entry<String, GgufTensor> entry : dense.entrySet()) {
            if (!entry.getKey().equals(head)) { // Who makes the head checks it.
                FiniteCheck.require(entry.getValue(), threads, listener);
            }
        }
        return new Weights(architecture, config, denseMatrices, matrices, normWeights, factorValues);
    }

    /** Moves matrices of dense types, with the numbers that multiply them, to where such are loaded. */
    private void moveDense(
            Map<String, GgufTensor> ternary, Map<String, GgufTensor> dense, Map<String, GgufTensor> factors) {
        for (Map.Entry<String, GgufTensor> entry : ternary.entrySet()) {
            if (TensorRows.isDense(entry.getValue().type())) {
                dense.put(entry.getKey(), entry.getValue());
                scale(entry.getKey()).ifPresent(scale -> factors.put(scale.name(), scale));
            }
        }
        ternary.keySet().removeAll(dense.keySet());
    }

    private Map<String, GgufTensor> find(List<TensorSpec> specs, Role role) throws GgufException {
        Map<String, GgufTensor> tensors = new LinkedHashMap<>();
        for (TensorSpec spec : specs) {
            if (spec.role() == role
                    && (spec.required() || file.findTensor(spec.fileName()).isPresent())) {
                tensors.put(spec.name(), tensor(spec.fileName(), spec.cols(), spec.rows()));
                if (role == Role.TERNARY && scale(spec.name()).isPresent()) {
                    tensor(TensorSpec.scale(spec.name()), 1, 1);
                }
            }
        }
        return tensors;
    }

    private GgufTensor tensor(String name, int cols, int rows) throws GgufException {
        GgufTensor tensor = file.requireTensor(name);
        known.add(name);
        if (tensor.cols() != cols || tensor.rows() != rows) {
            throw new GgufException(tensor + ": expected " + rows + "x" + cols
                    + " (rows x columns) by the sizes in the metadata; the file is damaged");
        }
        return tensor;
    }

    /** Refuses unlisted tensors: they would change what the model computes, in an unknown way. */
    private void requireNoOther() throws GgufException {
        for (GgufTensor tensor : file.tensors()) {
            if (!known.contains(tensor.name())) {
                throw new GgufException(tensor + ": does not belong to a " + config.architecture() + " model of "
                        + config.layers()
                        + " layers, expected no such tensor; ignoring it would change the text");
            }
        }
    }

    /**
     * Refuses a model without any matrix of 2-bit weights by what it is; a single matrix of another type is named when
     * it is loaded.
     */
    private void requireTernary(Map<String, GgufTensor> ternary) throws GgufException {
        Set<String> types = new LinkedHashSet<>();
        for (GgufTensor tensor : ternary.values()) {
            if (tensor.type().blockBytes() * Byte.SIZE
                    <= MOST_BITS * tensor.type().blockWeights()) {
                return;
            }
            types.add(tensor.type().name());
        }
        throw new GgufException(
                file.name() + ": all matrices have more than 2 bits per weight (" + String.join(", ", types)
                        + "), expected " + Repack.types() + ": this is not a model of ternary weights, or a program has"
                        + " converted one to a larger type; get the file in one of those types");
    }

    private RmsNorm norm(GgufTensor tensor) throws GgufException {
        if (!NORM_TYPES.contains(tensor.type())) {
            throw new GgufException(
                    tensor + ": expected F32, F16 or BF16; convert the model again with a current converter");
        }
        FiniteCheck.require(tensor, 1, Progress.NONE);
        float[] values = new float[Math.toIntExact(tensor.cols())];
        TensorRows.of(tensor).reader(1).read(0, 1, values, 0);
        return new RmsNorm(values, config.epsilon());
    }

    private static float[] factors(GgufTensor tensor) throws GgufException {
        requireF32(tensor);
        float[] values = tensor.data().toArray(F32);
        for (int i = 0; i < values.length; i++) {
            if (!(values[i] > 0) || Float.isInfinite(values[i])) {
                throw new GgufException(tensor + ": value " + i + " is " + values[i]
                        + ", expected a number above 0; the data is damaged");
            }
        }
        return values;
    }

    private Optional<GgufTensor> scale(String name) {
        return file.findTensor(TensorSpec.scale(name));
    }

    /** Applies the matrix's scale tensor, if the file has one. */
    private Qk256Matrix scaled(String name, Qk256Matrix matrix) throws GgufException {
        if (!matrix.supportsInt8()) {
            throw new GgufException(file.name() + ", tensor " + name + ".weight: int8 products of " + matrix.cols()
                    + " columns do not fit in int32, expected at most 8388607");
        }
        Optional<GgufTensor> scale = scale(name);
        if (scale.isEmpty()) {
            return matrix;
        }
        GgufTensor one = scale.get();
        requireF32(one);
        float factor = one.data().get(F32, 0);
        float product = matrix.tensorScale() * factor;
        if (!Float.isFinite(product)) {
            throw new GgufException(one + ": is " + factor + " and makes the scale of " + name + ".weight " + product
                    + ", expected a finite number; the data is damaged");
        }
        return matrix.withTensorScale(product);
    }

    private static void requireF32(GgufTensor tensor) throws GgufException {
        if (tensor.type() != TensorType.F32) {
            throw new GgufException(tensor + ": expected F32; convert the model again with a current converter");
        }
    }
}
