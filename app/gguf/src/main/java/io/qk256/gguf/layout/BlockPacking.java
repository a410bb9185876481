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
 * Packs a tensor in memory, in the blocks of bitnet.cpp or ggml, into QK256 layout. For programs that read files or
 * make tensors themselves; {@link Repack} does the same for the tensors of a file. Every weight keeps its value to the
 * bit. Stateless and thread-safe.
 *
 * <p>Packs I2_S in its three layouts ({@link TensorType#I2_S}, {@link TensorType#I2_S_ARM},
 * {@link TensorType#I2_S_ROWS4}; the bytes do not tell which), TQ1_0, TQ2_0, PTQ1_0, Q2_0 with
 * groups of 64 weights, and PQ2_0, which is {@link TensorType#Q2_0_G128}.
 */
public final class BlockPacking {

    private BlockPacking() {}

    /**
     * Returns the size of a tensor in bytes.
     *
     * @param type a type that this class packs
     * @param rows 1 or more
     * @param cols a multiple of {@link TensorType#blockWeights}
     * @throws IllegalArgumentException if this class does not pack the type, or the shape does not fit it
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
     * @param type the type of the blocks
     * @param rows 1 or more
     * @param cols a multiple of {@link TensorType#blockWeights}
     * @param data the blocks, row by row, and the extra bytes that the type has after them: {@link #bytes} or more,
     *     with any alignment; they are copied
     * @param arena allocates codes and scales, each aligned to 64 bytes; with several threads, this arena and that of
     *     the data must be shared, automatic or global
     * @param threads 1 or more, including the calling thread
     * @return a matrix with the codebook {@link Codebook#TERNARY}; with a tensor scale if the type has one or all
     *     blocks have the same scale, otherwise with group scales in f16
     * @throws IllegalArgumentException if the type, the shape, the number of bytes or the number of threads is invalid
     * @throws GgufException if the bytes are invalid for the type: a scale is not finite, or I2_S holds what its
     *     quantizer never writes
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
