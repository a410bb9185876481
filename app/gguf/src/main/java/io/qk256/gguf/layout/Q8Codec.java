package io.qk256.gguf.layout;

import io.qk256.gguf.LittleEndian;
import io.qk256.gguf.TensorType;
import io.qk256.spi.Q8Matrix;
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
     * Copies rows to the layout of kernels, bit for bit.
     *
     * @param blocks the data of a Q8_0 tensor, whose rows are whole blocks
     * @param w receives codes and scales
     * @param from first row
     * @param to one past the last row
     */
    public static void interleave(MemorySegment blocks, Q8Matrix w, int from, int to) {
        long block = (long) from * w.groups();
        for (int row = from; row < to; row++) {
            for (int group = 0; group < w.groups(); group++, block++) {
                long at = block * BLOCK_BYTES;
                w.scales().set(ValueLayout.JAVA_SHORT, w.scaleAt(row, group), blocks.get(LittleEndian.I16, at));
                long code = w.codeAt(row, group * BLOCK_WEIGHTS);
                for (int i = 0; i < BLOCK_WEIGHTS; i += Integer.BYTES) {
                    int four = blocks.get(ValueLayout.JAVA_INT_UNALIGNED, at + Short.BYTES + i);
                    w.codes().set(ValueLayout.JAVA_INT_UNALIGNED, code + (long) i * Q8Matrix.TILE_ROWS, four);
                }
            }
        }
    }
}
