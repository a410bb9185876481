package io.qk256.llm.model;

import java.util.ArrayList;
import java.util.List;

/**
 * A tensor of a model.
 *
 * @param name name in the file, without {@code .weight}; a name that starts with {@code blk.N.} exists once per layer
 * @param rows number of rows, 1 for a vector
 * @param cols number of columns
 * @param role what it is for
 * @param required whether a file without it is refused
 */
record TensorSpec(String name, int rows, int cols, Role role, boolean required) {

    private static final String IN_EACH_LAYER = "blk.N.";

    /** What a tensor is for, which determines how it may be stored in the file and in memory. */
    enum Role {
        /** A matrix with a row per token, of any type that can be read as f32, in place in the mapped file. */
        TOKENS,

        /**
         * 2-bit weights, multiplied with int8 activations, repacked; may have a {@code .scale} tensor with one number.
         * Single ones may be of a type for {@link #TOKENS} instead, and are read in place.
         */
        TERNARY,

        /** The weights of a norm: F32, F16 or BF16. */
        NORM,

        /** Positive numbers that multiply or divide others, F32. */
        FACTORS
    }

    static TensorSpec tokens(String name, int vocabulary, int width) {
        return new TensorSpec(name, vocabulary, width, Role.TOKENS, true);
    }

    static TensorSpec ternary(String name, int rows, int cols) {
        return new TensorSpec(name, rows, cols, Role.TERNARY, true);
    }

    static TensorSpec norm(String name, int size) {
        return new TensorSpec(name, 1, size, Role.NORM, true);
    }

    static TensorSpec factors(String name, int size) {
        return new TensorSpec(name, 1, size, Role.FACTORS, true);
    }

    /** The norms of the inputs of all ternary matrices in a list. */
    static List<TensorSpec> inputNorms(List<TensorSpec> specs) {
        return specs.stream()
                .filter(spec -> spec.role == Role.TERNARY)
                .map(spec -> norm(inputNorm(spec.name), spec.cols))
                .toList();
    }

    /** The name of the norm that is applied to the input of a matrix, if the model has such norms. */
    static String inputNorm(String matrix) {
        return matrix + "_norm_in";
    }

    /** The name of the tensor with a number that multiplies a matrix. */
    static String scale(String matrix) {
        return matrix + ".scale";
    }

    /** Returns the same tensor as optional. */
    TensorSpec orNone() {
        return new TensorSpec(name, rows, cols, role, false);
    }

    String fileName() {
        return name + ".weight";
    }

    /** The prefix of a layer's tensor names. */
    static String prefix(int layer) {
        return "blk." + layer + ".";
    }

    /** Expands the list: each tensor of {@code blk.N.} becomes one tensor per layer. */
    static List<TensorSpec> inLayers(List<TensorSpec> specs, int layers) {
        List<TensorSpec> all = new ArrayList<>();
        for (TensorSpec spec : specs) {
            if (!spec.name.startsWith(IN_EACH_LAYER)) {
                all.add(spec);
            }
        }
        for (int layer = 0; layer < layers; layer++) {
            for (TensorSpec spec : specs) {
                if (spec.name.startsWith(IN_EACH_LAYER)) {
                    String name = prefix(layer) + spec.name.substring(IN_EACH_LAYER.length());
                    all.add(new TensorSpec(name, spec.rows, spec.cols, spec.role, spec.required));
                }
            }
        }
        return all;
    }
}
