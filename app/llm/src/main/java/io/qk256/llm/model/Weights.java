package io.qk256.llm.model;

import io.qk256.spi.Qk256Matrix;
import java.lang.foreign.MemorySegment;
import java.util.Map;

/**
 * All weights of a model, by their names in the file without {@code .weight}.
 *
 * @param architecture the architecture that the weights belong to
 * @param config the shape of the model
 * @param dense matrices with one row per token, and single ones that are stored in no 2-bit type
 * @param ternary matrices of 2-bit weights; {@link #OUTPUT} if the head is one, also if it is the embedding
 * @param norms the norms
 * @param factors numbers that multiply or divide others
 */
record Weights(
        Architecture architecture,
        ModelConfig config,
        Map<String, DenseMatrix> dense,
        Map<String, Qk256Matrix> ternary,
        Map<String, RmsNorm> norms,
        Map<String, float[]> factors) {

    static final String EMBEDDING = "token_embd";
    static final String OUTPUT = "output";

    /** The divisors of rotary angles, one per pair. */
    static final String ROPE_DIVISORS = "rope_freqs";

    DenseMatrix embedding() {
        return get(dense, EMBEDDING);
    }

    /** The matrix of the output head; the embedding if the file has no other. */
    DenseMatrix output() {
        DenseMatrix output = dense.get(OUTPUT);
        return output == null ? embedding() : output;
    }

    Qk256Matrix matrix(String name) {
        return get(ternary, name);
    }

    RmsNorm norm(String name) {
        return get(norms, name);
    }

    /** The size in bytes of all matrices in the layers. */
    long layerBytes() {
        long bytes = 0;
        for (Map.Entry<String, Qk256Matrix> matrix : ternary.entrySet()) {
            bytes += matrix.getKey().equals(OUTPUT) ? 0 : bytes(matrix.getValue());
        }
        for (Map.Entry<String, DenseMatrix> matrix : dense.entrySet()) {
            boolean hasTokens =
                    matrix.getKey().equals(EMBEDDING) || matrix.getKey().equals(OUTPUT);
            bytes += hasTokens ? 0 : matrix.getValue().bytes();
        }
        return bytes;
    }

    /** The size of a matrix in bytes: its codes and scales. */
    static long bytes(Qk256Matrix matrix) {
        long scales = matrix.groupScales().map(MemorySegment::byteSize).orElse(0L);
        return matrix.codes().byteSize() + scales;
    }

    /** The number that multiplies the results of a dense matrix. */
    float factor(String name) {
        float[] factor = factors.get(TensorSpec.scale(name));
        return factor == null ? 1 : factor[0];
    }

    private <T> T get(Map<String, T> weights, String name) {
        T found = weights.get(name);
        if (found == null) {
            throw new IllegalStateException(name + ": is not among the tensors of " + config.architecture());
        }
        return found;
    }
}
