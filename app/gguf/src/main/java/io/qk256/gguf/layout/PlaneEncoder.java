package io.qk256.gguf.layout;

import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufTensor;
import io.qk256.gguf.LittleEndian;
import io.qk256.gguf.TensorType;
import io.qk256.spi.Qk256;
import io.qk256.spi.Qk256Matrix;
import java.lang.foreign.MemorySegment;

/** Packs groups of 128 weights of a matrix as {@link BitPlanes}, for I2_S and TQ2_0. */
final class PlaneEncoder {

    static final int GROUP_WEIGHTS = 128;

    private static final int PLANES = 4;
    private static final byte NONE = -1;

    private final GgufTensor tensor;
    private final Qk256Matrix matrix;
    private final byte[] codeOf = new byte[4];

    /**
     * Creates an encoder for one matrix.
     *
     * @param tensor the tensor that the matrix came from, for messages
     * @param type the type to encode to
     * @param largest the largest weight that the type can hold; the smallest is −1
     * @throws GgufException if the columns of the matrix are not a multiple of the type's block
     */
    PlaneEncoder(GgufTensor tensor, Qk256Matrix matrix, TensorType type, int largest) throws GgufException {
        if (matrix.cols() % type.blockWeights() != 0) {
            throw new GgufException(tensor + ": has " + matrix.cols() + " columns, expected a multiple of "
                    + type.blockWeights() + " for " + type.label() + "; qk256 takes any number");
        }
        this.tensor = tensor;
        this.matrix = matrix;
        for (int code = 0; code < codeOf.length; code++) {
            float value = matrix.codebook().value(code);
            codeOf[code] = value >= -1 && value <= largest && value == (int) value ? (byte) (value + 1) : NONE;
        }
    }

    /** Packs a group with the first plane in the highest bits. */
    void highestFirst(int row, int group, MemorySegment out, long to) throws GgufException {
        group(row, group, true, out, to);
    }

    /** Packs a group with the first plane in the lowest bits. */
    void lowestFirst(int row, int group, MemorySegment out, long to) throws GgufException {
        group(row, group, false, out, to);
    }

    private void group(int row, int group, boolean firstPlaneHighest, MemorySegment out, long to) throws GgufException {
        long from = row * matrix.rowStride() + (long) group * BitPlanes.GROUP_BYTES;
        for (int m = 0; m < BitPlanes.GROUP_BYTES; m++) {
            int packed = 0;
            for (int plane = 0; plane < PLANES; plane++) {
                int within = plane * BitPlanes.GROUP_BYTES + m;
                int four = matrix.codes().get(LittleEndian.I8, from + within / 4);
                int code = codeOf[four >> (2 * (within % 4)) & 3];
                if (code == NONE) {
                    throw notHeld(row, group * GROUP_WEIGHTS + within);
                }
                packed |= code << (2 * (firstPlaneHighest ? PLANES - 1 - plane : plane));
            }
            out.set(LittleEndian.I8, to + m, (byte) packed);
        }
    }

    private GgufException notHeld(int row, int col) {
        MemorySegment codes = matrix.codes().asSlice(row * matrix.rowStride());
        float value = matrix.codebook().value(Qk256.code(codes, col));
        return new GgufException(tensor + ": the weight at row " + row + ", column " + col + " is " + value
                + " before scaling, which the type cannot hold; expected -1, 0 or +1 (and +2 for tq2_0); "
                + "qk256 holds any");
    }
}
