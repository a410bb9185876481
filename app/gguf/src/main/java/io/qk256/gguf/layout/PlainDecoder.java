package io.qk256.gguf.layout;

import io.qk256.gguf.GgufTensor;

/**
 * Reads a 2-bit tensor weight by weight, directly from the bytes of the file, using only the formula of its format. It
 * shares no code with {@link Repack}, so each can be checked against the other. Immutable and thread-safe.
 */
public interface PlainDecoder {

    /**
     * Returns a decoder for a tensor of a type that {@link Repack} accepts.
     *
     * @throws IllegalArgumentException for other types
     * @throws ArithmeticException if the tensor has 2^31 columns or more
     */
    static PlainDecoder of(GgufTensor tensor) {
        return TensorCodecs.findTwoBit(tensor.type())
                .orElseThrow(() -> new IllegalArgumentException(tensor + ": expected a 2-bit type"))
                .plain(tensor);
    }

    /**
     * Reads the weights of a row without their scales: −1, 0 or +1, and +2 for code 3; for QK256, the values of its
     * codebook.
     *
     * @param row index of the row
     * @param values receives as many weights as the tensor has columns
     */
    void row(long row, byte[] values);

    /** The number of weights of a row that have a common scale, starting at column 0. */
    int group();

    /**
     * Returns the scale of a group of weights.
     *
     * @param row index of the row
     * @param group index of the group in its row
     */
    float scale(long row, int group);
}
