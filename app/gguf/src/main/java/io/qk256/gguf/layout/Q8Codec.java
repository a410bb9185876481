package io.qk256.gguf.layout;

import io.qk256.gguf.LittleEndian;
import io.qk256.gguf.TensorType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Q8_0: blocks of 32 weights in 34 bytes: an f16 scale and 32 signed bytes.
 *
 * <p>Source: ggml-org/ggml {@code src/ggml-quants.c}, {@code dequantize_row_q8_0}.
 */
public final class Q8Codec extends BlockCodec {

    private static final int BLOCK_WEIGHTS = 32;
    private static final int BLOCK_BYTES = Short.BYTES + BLOCK_WEIGHTS;

    Q8Codec() {
        super(TensorType.Q8_0, 0);
    }

    @Override
    void decode(byte[] blocks, int count, float[] out, int at) {
        for (int block = 0; block < count; block++) {
            int from = block * BLOCK_BYTES;
            int to = at + block * BLOCK_WEIGHTS;
            float scale = half(blocks, from);
            for (int i = 0; i < BLOCK_WEIGHTS; i++) {
                out[to + i] = blocks[from + Short.BYTES + i] * scale;
            }
        }
    }

    /**
     * Separates the bytes and the scales of blocks.
     *
     * @param blocks the data of a Q8_0 tensor
     * @param first index of the first block, in all three segments
     * @param end index after the last block
     * @param codes receives 32 bytes per block
     * @param scales receives an f16 per block, in native byte order
     */
    public static void takeApart(
            MemorySegment blocks, long first, long end, MemorySegment codes, MemorySegment scales) {
        for (long block = first; block < end; block++) {
            long from = block * BLOCK_BYTES;
            scales.set(ValueLayout.JAVA_SHORT, block * Short.BYTES, blocks.get(LittleEndian.I16, from));
            MemorySegment.copy(blocks, from + Short.BYTES, codes, block * BLOCK_WEIGHTS, BLOCK_WEIGHTS);
        }
    }
}
