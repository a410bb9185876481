package io.qk256.gguf.layout;

import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufTensor;
import io.qk256.gguf.Progress;
import io.qk256.gguf.TensorType;
import io.qk256.spi.Codebook;
import io.qk256.spi.Qk256Matrix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Packs a tensor that lies in memory in the blocks of bitnet.cpp or ggml, for programs that read files, or make tensors, by
 * themselves. What {@link Repack} does with the tensors of a file. Every weight keeps its value to the bit. Stateless and
 * thread-safe.
 *
 * <p>I2_S in its three layouts ({@link TensorType#I2_S}, {@link TensorType#I2_S_ARM}, {@link TensorType#I2_S_ROWS4}: the bytes do
 * not tell which), TQ1_0, TQ2_0, and Q2_0 with groups of 64 weights.
 */
public final class BlockPacking {

    private BlockPacking() {}

    /**
     * Bytes of a tensor.
     *
     * @param type one of those that this class packs
     * @param rows 1 or more
     * @param cols a multiple of {@link TensorType#blockWeights}
     * @throws IllegalArgumentException if the type is another one, or the shape is none of its
     */
    public static long bytes(TensorType type, int rows, int cols) {
        if (TensorCodecs.find(type).filter(BlockPacking::isInBlocks).isEmpty()) {
            throw new IllegalArgumentException(
                    "type: " + type.label() + ", expected " + TensorCodecs.names(BlockPacking::isInBlocks, "or"));
        }
        if (rows < 1 || cols < 1 || cols % type.blockWeights() != 0) {
            throw new IllegalArgumentException("shape: " + rows + " rows x " + cols
                    + " columns, expected 1 row or more, and a multiple of " + type.blockWeights()
                    + " columns, the weights in a block of " + type.label());
        }
        return type.bytes((long) rows * cols);
    }

    private static boolean isInBlocks(TensorCodec codec) {
        return codec instanceof TwoBitCodec && codec.type() != TensorType.QK256;
    }

    /**
     * Packs a tensor.
     *
     * @param type how the bytes mean weights
     * @param rows 1 or more
     * @param cols a multiple of {@link TensorType#blockWeights}
     * @param data the blocks, row by row, and what the type has behind them: {@link #bytes} or more, at any boundary; they are
     *     copied
     * @param arena receives codes and scales, each on a boundary of 64 bytes; shared, automatic or global if there are several
     *     threads, as the memory of the data must be
     * @param threads 1 or more, the calling one among them
     * @return a matrix with the codebook {@link Codebook#TERNARY}; the scale of the tensor if there is one, or all blocks have
     *     the same, else a scale for each block
     * @throws IllegalArgumentException if the type, the shape, the number of bytes or of threads does not fit
     * @throws GgufException if the bytes do not fit the type: a scale is not finite, the four scales of 256 weights of Q2_0 differ,
     *     or I2_S holds what its quantizer never writes
     */
    public static Qk256Matrix pack(TensorType type, int rows, int cols, MemorySegment data, Arena arena, int threads)
            throws GgufException {
        long needed = bytes(type, rows, cols);
        if (data.byteSize() < needed) {
            throw new IllegalArgumentException("data: " + data.byteSize() + " bytes, expected " + needed + " or more ("
                    + rows + " rows x " + cols + " columns of " + type.label() + ")");
        }
        MemorySegment tensor = data.asSlice(0, needed).asReadOnly();
        List<Long> dims = List.of((long) cols, (long) rows);
        GgufTensor named = new GgufTensor("memory", "to pack", type, dims, tensor);
        return Repack.repackAll(List.of(named), arena, threads, Progress.NONE)
                .values()
                .iterator()
                .next();
    }
}
