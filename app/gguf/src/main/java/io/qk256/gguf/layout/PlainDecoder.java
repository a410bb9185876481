package io.qk256.gguf.layout;

import io.qk256.gguf.GgufTensor;

/**
 * Reads a 2-bit tensor weight by weight, straight from the bytes of the file, by the formula of its format and
 * nothing else. It shares no code with {@link Repack}, so each can be measured against the other. Immutable and
 * thread-safe.
 */
public interface PlainDecoder {

    /**
     * A decoder for a tensor whose type {@link Repack} accepts.
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
     * The weights of a row without their scales: −1, 0 or +1, and +2 where the file has code 3; for QK256, the values of
     * its codebook.
     *
     * @param row index of the row
     * @param values receives as many weights as the tensor has columns
     */
    void row(long row, byte[] values);

    /**
     * The scale of the weights of a row from column {@code 256 * block} on.
     *
     * @param row index of the row
     * @param block index of the 256 columns
     */
    float scale(long row, int block);
}
