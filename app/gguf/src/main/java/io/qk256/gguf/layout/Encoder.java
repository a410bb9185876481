package io.qk256.gguf.layout;

import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufTensor;
import io.qk256.gguf.TensorType;
import io.qk256.spi.Qk256Matrix;
import java.lang.foreign.Arena;

/**
 * Encodes a matrix in QK256 layout as a tensor of a 2-bit type: I2_S (x86 layout), TQ1_0, TQ2_0, Q2_0, PQ2_0, PTQ1_0 or
 * QK256. Stateless and thread-safe.
 */
public final class Encoder {

    private Encoder() {}

    /**
     * Encodes a matrix. Every weight keeps its value, or the matrix is refused with the reason.
     *
     * @param type the type to encode to
     * @param tensor the tensor that the matrix came from, for its dimensions and for messages
     * @param matrix the weights; its codebook must be integers, and its rows must have no gaps
     * @param roundScales whether scales may be rounded to what the type can hold
     * @param arena allocates the bytes
     * @throws IllegalArgumentException if the type cannot be written
     * @throws GgufException if the type cannot hold the matrix
     */
    public static Encoded encode(
            TensorType type, GgufTensor tensor, Qk256Matrix matrix, boolean roundScales, Arena arena)
            throws GgufException {
        return TensorCodecs.findTwoBit(type)
                .filter(TwoBitCodec::isWritable)
                .orElseThrow(() -> new IllegalArgumentException(
                        type.label() + ": expected " + TensorCodecs.names(TwoBitCodec.class::isInstance, "or")))
                .encode(tensor, matrix, roundScales, arena);
    }
}
