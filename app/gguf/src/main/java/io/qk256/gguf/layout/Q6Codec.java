package io.qk256.gguf.layout;

import io.qk256.gguf.TensorType;

/**
 * Q6_K: blocks of 256 weights in 210 bytes.
 *
 * <pre>
 *   0  u8[128]  the low four bits of each weight
 * 128  u8[64]   the high two bits
 * 192  i8[16]   a scale for each 16 weights
 * 208  f16      a scale for the block
 * </pre>
 *
 * <p>Each half of a block (128 weights) has its low bits in 64 bytes, the first 64 weights in the low half of each byte
 * and the others in the high half, and its high bits in 32 bytes.
 *
 * <p>Source: ggml-org/ggml {@code src/ggml-quants.c}, {@code dequantize_row_q6_K}.
 */
final class Q6Codec extends BlockCodec {

    private static final int BLOCK_WEIGHTS = 256;
    private static final int BLOCK_BYTES = 210;
    private static final int HIGH_AT = 128;
    private static final int SCALES_AT = 192;
    private static final int SCALE_AT = 208;

    Q6Codec() {
        super(TensorType.Q6_K, SCALE_AT);
    }

    @Override
    void decode(byte[] blocks, int count, float[] out, int at) {
        for (int block = 0; block < count; block++) {
            block(blocks, block * BLOCK_BYTES, out, at + block * BLOCK_WEIGHTS);
        }
    }

    private static void block(byte[] blocks, int from, float[] out, int to) {
        float scale = half(blocks, from + SCALE_AT);
        for (int i = 0; i < BLOCK_WEIGHTS; i++) {
            int half = i / 128;
            int within = i % 128;
            int low = blocks[from + 64 * half + within % 64] >> (within / 64 * 4) & 0xF;
            int high = blocks[from + HIGH_AT + 32 * half + within % 32] >> (within / 32 * 2) & 3;
            byte scaleOf16 = blocks[from + SCALES_AT + i / 16];
            out[to + i] = scale * scaleOf16 * ((low | high << 4) - 32);
        }
    }
}
