package io.qk256.gguf.layout;

import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufTensor;
import io.qk256.gguf.Progress;
import io.qk256.gguf.TensorType;
import io.qk256.spi.Qk256Matrix;
import java.lang.foreign.Arena;

/**
 * A type with 2-bit codes, which can be repacked to QK256. It is read in two ways that share no code, the plain formula
 * and the fast repacking, so each tests the other.
 */
abstract class TwoBitCodec extends TensorCodec {

    TwoBitCodec(TensorType type) {
        super(type);
    }

    /**
     * Returns a decoder by the plain formula.
     *
     * @throws ArithmeticException if the tensor has 2^31 columns or more
     */
    abstract PlainDecoder plain(GgufTensor tensor);

    /**
     * Prepares the repacking of a tensor.
     *
     * @param arena allocates the result; shared if several threads will work on it
     */
    abstract Repacking repacking(GgufTensor tensor, Arena arena) throws GgufException;

    /** Whether tensors can be written as this type. */
    boolean isWritable() {
        return false;
    }

    /**
     * Encodes a matrix as a tensor of this type. Every weight keeps its value, or the matrix is refused with the
     * reason.
     *
     * @param tensor the tensor that the matrix came from, for its dimensions and for messages
     * @param roundScales whether scales may be rounded to what the type can hold
     */
    Encoded encode(GgufTensor tensor, Qk256Matrix matrix, boolean roundScales, Arena arena) throws GgufException {
        throw new UnsupportedOperationException(type().label() + " cannot be written");
    }

    @Override
    RowReader reader(GgufTensor tensor, int most) {
        PlainDecoder plain = plain(tensor);
        int cols = (int) tensor.cols();
        byte[] values = new byte[cols];
        return (first, count, out, at) -> {
            int to = at;
            for (long row = first; row < first + count; row++) {
                plain.row(row, values);
                for (int start = 0; start < cols; start += plain.group()) {
                    float scale = plain.scale(row, start / plain.group());
                    int end = Math.min(cols, start + plain.group());
                    for (int i = start; i < end; i++) {
                        out[to++] = values[i] * scale;
                    }
                }
            }
        };
    }

    @Override
    void requireReadable(GgufTensor tensor) throws GgufException {
        requireFinite(tensor, 1, Progress.NONE);
    }

    /** Refuses what repacking refuses in the data: scales that are not finite, and codes that the type does not have. */
    @Override
    abstract void requireFinite(GgufTensor tensor, int threads, Progress progress) throws GgufException;
}
