package io.qk256.gguf.layout;

import io.qk256.gguf.TensorType;

/**
 * Q4_K and Q5_K: blocks of 256 weights in eight groups of 32, each with a scale and a minimum of 6 bits.
 *
 * <pre>
 *  0  f16      the scale of the scales
 *  2  f16      the scale of the minimums
 *  4  u8[12]   scales and minimums of the groups
 * 16  u8[32]   the highest bit of each code, only Q5_K: bit {@code g} of byte {@code i} for weight {@code i} of group {@code g}
 *     u8[128]  the low four bits: two groups in 32 bytes, the first in the low halves of the bytes
 * </pre>
 *
 * <p>Of the 12 bytes, the first four have the scales of groups 0 to 3 in their low six bits, the next four the minimums
 * of these groups. The last four have the low four bits of groups 4 to 7, scales in the low halves; their high two bits
 * are the high two bits of the first and the next four bytes.
 *
 * <p>A weight is {@code code * scale - minimum}, of an unsigned code.
 *
 * <p>Source: ggml-org/ggml {@code src/ggml-quants.c}, {@code dequantize_row_q4_K}, {@code dequantize_row_q5_K}.
 */
final class Q45KCodec extends BlockCodec {

    private static final int BLOCK_WEIGHTS = 256;
    private static final int GROUP_WEIGHTS = 32;
    private static final int GROUPS = BLOCK_WEIGHTS / GROUP_WEIGHTS;
    private static final int MINIMUM_AT = Short.BYTES;
    private static final int GROUPS_AT = 4;
    private static final int HIGH_AT = 16;
    private static final int LOW_BYTES = BLOCK_WEIGHTS / 2;

    private final boolean hasHighBits;

    /** @param type Q4_K or Q5_K */
    Q45KCodec(TensorType type) {
        super(type, 0, MINIMUM_AT);
        this.hasHighBits = type == TensorType.Q5_K;
    }

    @Override
    void decode(byte[] blocks, int count, float[] out, int at) {
        int blockBytes = type().blockBytes();
        for (int block = 0; block < count; block++) {
            int from = block * blockBytes;
            float scale = half(blocks, from);
            float minimum = half(blocks, from + MINIMUM_AT);
            int lowAt = from + blockBytes - LOW_BYTES;
            for (int group = 0; group < GROUPS; group++) {
                int to = at + block * BLOCK_WEIGHTS + group * GROUP_WEIGHTS;
                float groupScale = scale * scale(blocks, from + GROUPS_AT, group);
                float groupMinimum = minimum * minimum(blocks, from + GROUPS_AT, group);
                int low = lowAt + group / 2 * GROUP_WEIGHTS;
                int shift = group % 2 * 4;
                for (int i = 0; i < GROUP_WEIGHTS; i++) {
                    int code = blocks[low + i] >> shift & 0xF;
                    if (hasHighBits) {
                        code |= (blocks[from + HIGH_AT + i] >> group & 1) << 4;
                    }
                    out[to + i] = groupScale * code - groupMinimum;
                }
            }
        }
    }

    private static int scale(byte[] bytes, int at, int group) {
        return group < 4
                ? bytes[at + group] & 0x3F
                : (bytes[at + 4 + group] & 0xF) | ((bytes[at + group - 4] >> 6 & 3) << 4);
    }

    private static int minimum(byte[] bytes, int at, int group) {
        return group < 4
                ? bytes[at + 4 + group] & 0x3F
                : (bytes[at + 4 + group] >> 4 & 0xF) | ((bytes[at + group] >> 6 & 3) << 4);
    }
}
