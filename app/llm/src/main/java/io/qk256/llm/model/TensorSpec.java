package io.qk256.llm.model;

import java.util.ArrayList;
import java.util.List;

/**
 * A tensor that a model has.
 *
 * @param name in the file, without {@code .weight}; one that begins with {@code blk.N.} is there once for each layer
 * @param rows number of rows, 1 for a vector
 * @param cols values of a row
 * @param role what it is for
 * @param required whether a file without it is refused
 */
record TensorSpec(String name, int rows, int cols, Role role, boolean required) {

    private static final String IN_EACH_LAYER = "blk.N.";

    /** What a tensor is for, which decides how it may be stored and how it is kept. */
    enum Role {
        /** A matrix with a row for each token: F16, BF16, F32, Q8_0 or Q6_K, read where the file is mapped. */
        TOKENS,

        /** Weights of a product with int8 activations, in 2 bits, repacked; a tensor {@code .scale} of one number may go with it. */
        TERNARY,

        /** Weights of a normalisation, F32. */
        NORM
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

    /** The same, and a file may lack it. */
    TensorSpec orNone() {
        return new TensorSpec(name, rows, cols, role, false);
    }

    String fileName() {
        return name + ".weight";
    }

    /** What weights of a layer are preceded by. */
    static String prefix(int layer) {
        return "blk." + layer + ".";
    }

    /** The list with a tensor for each layer in place of those that each layer has. */
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
