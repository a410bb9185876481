package io.qk256.gguf.layout;

import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufTensor;
import io.qk256.gguf.TensorType;
import io.qk256.spi.Qk256Matrix;
import java.lang.foreign.Arena;

/** Packs a matrix in QK256 layout as a tensor of a 2-bit type: I2_S (layout of x86), TQ2_0 or QK256. Stateless and thread-safe. */
public final class Encoder {

    private Encoder() {}

    /**
     * The bytes of a tensor. Every weight keeps its value, or the matrix is refused with the reason.
     *
     * @param type what to become
     * @param tensor where the matrix is from: for messages, and its dimensions
     * @param matrix with a codebook of integers, and rows without gaps
     * @param roundScales whether scales may be rounded to those that the type can hold
     * @param arena receives the bytes
     * @throws IllegalArgumentException if tensors cannot be written as the type
     * @throws GgufException if the type cannot hold the matrix
     */
    public static Encoded encode(
            TensorType type, GgufTensor tensor, Qk256Matrix matrix, boolean roundScales, Arena arena)
            throws GgufException {
        return TensorCodecs.findTwoBit(type)
                .filter(TwoBitCodec::isWritable)
                .orElseThrow(() -> new IllegalArgumentException(type.label() + ": expected I2_S, TQ2_0 or QK256"))
                .encode(tensor, matrix, roundScales, arena);
    }
}
