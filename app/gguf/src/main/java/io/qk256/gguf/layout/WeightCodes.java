package io.qk256.gguf.layout;

import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufTensor;
import io.qk256.gguf.LittleEndian;
import io.qk256.gguf.TensorType;
import io.qk256.spi.Qk256Matrix;
import java.lang.foreign.MemorySegment;

/** The weights of a matrix as codes of ggml's and bitnet.cpp's types: the weight without its scale, plus 1. */
final class WeightCodes {

    private static final byte NONE = -1;

    private final GgufTensor tensor;
    private final Qk256Matrix matrix;
    private final TensorType type;
    private final byte[] codeOf = new byte[4];
    private final byte[] packed;

    /**
     * Creates a reader for one matrix.
     *
     * @param tensor the tensor that the matrix came from, for messages
     * @param matrix its rows must have no gaps
     * @param type the type to encode to
     * @param largest the largest weight that the type can hold; the smallest is −1
     * @throws GgufException if the columns of the matrix are not a multiple of the type's block
     */
    WeightCodes(GgufTensor tensor, Qk256Matrix matrix, TensorType type, int largest) throws GgufException {
        if (matrix.cols() % type.blockWeights() != 0) {
            throw new GgufException(tensor + ": has " + matrix.cols() + " columns, expected a multiple of "
                    + type.blockWeights() + " for " + type.label() + "; qk256 takes any number");
        }
        this.tensor = tensor;
        this.matrix = matrix;
        this.type = type;
        this.packed = new byte[Math.ceilDiv(matrix.cols(), 4)];
        for (int code = 0; code < codeOf.length; code++) {
            float value = matrix.codebook().value(code);
            codeOf[code] = value >= -1 && value <= largest && value == (int) value ? (byte) (value + 1) : NONE;
        }
    }

    /** Reads the codes of a row, one in a byte. */
    void row(int row, byte[] codes) throws GgufException {
        MemorySegment.copy(matrix.codes(), LittleEndian.I8, row * matrix.rowStride(), packed, 0, packed.length);
        for (int col = 0; col < codes.length; col++) {
            int stored = packed[col / 4] >> (2 * (col % 4)) & 3;
            byte code = codeOf[stored];
            if (code == NONE) {
                throw new GgufException(tensor + ": the weight at row " + row + ", column " + col + " is "
                        + matrix.codebook().value(stored) + " before scaling, which " + type.label()
                        + " cannot hold; qk256 holds any");
            }
            codes[col] = code;
        }
    }
}
