package io.qk256.gguf.layout;

import io.qk256.gguf.TensorType;

/**
 * Q4_0, Q4_1, Q5_0 and Q5_1: blocks of 32 weights, each an unsigned code of 4 or 5 bits.
 *
 * <pre>
 * f16      the scale
 * f16      the minimum, only Q4_1 and Q5_1
 * u8[4]    the highest bit of each code, the first in the lowest bit, only Q5_0 and Q5_1
 * u8[16]   the low four bits: codes 0 to 15 in the low halves of the bytes, codes 16 to 31 in the high halves
 * </pre>
 *
 * <p>A weight is the code times the scale, plus the minimum; without a minimum, half of the codes' range is subtracted
 * from the code first.
 *
 * <p>Source: ggml-org/ggml {@code src/ggml-quants.c}, {@code dequantize_row_q4_0} to {@code dequantize_row_q5_1}.
 */
final class Q45Codec extends BlockCodec {

    private static final int BLOCK_WEIGHTS = 32;
    private static final int HALF = BLOCK_WEIGHTS / 2;

    private final boolean hasMinimum;
    private final int codeBits;

    private Q45Codec(TensorType type, boolean hasMinimum, int codeBits, int... scalesAt) {
        super(type, scalesAt);
        this.hasMinimum = hasMinimum;
        this.codeBits = codeBits;
    }

    /** A type without a minimum. */
    static Q45Codec centered(TensorType type, int codeBits) {
        return new Q45Codec(type, false, codeBits, 0);
    }

    /** A type with a minimum. */
    static Q45Codec withMinimum(TensorType type, int codeBits) {
        return new Q45Codec(type, true, codeBits, 0, Short.BYTES);
    }

    @Override
    void decode(byte[] blocks, int count, float[] out, int at) {
        int blockBytes = type().blockBytes();
        for (int block = 0; block < count; block++) {
            int from = block * blockBytes;
            float scale = half(blocks, from);
            float minimum = hasMinimum ? half(blocks, from + Short.BYTES) : 0;
            int codesAt = from + blockBytes - HALF;
            int high = codeBits == 5 ? word(blocks, codesAt - Integer.BYTES) : 0;
            decode(blocks, codesAt, high, scale, minimum, out, at + block * BLOCK_WEIGHTS);
        }
    }

    private void decode(byte[] blocks, int codesAt, int high, float scale, float minimum, float[] out, int to) {
        int middle = hasMinimum ? 0 : 1 << (codeBits - 1);
        for (int i = 0; i < HALF; i++) {
            int two = blocks[codesAt + i];
            int first = ((two & 0xF) | ((high >>> i & 1) << 4)) - middle;
            int second = ((two >> 4 & 0xF) | ((high >>> (i + HALF) & 1) << 4)) - middle;
            out[to + i] = first * scale;
            out[to + HALF + i] = second * scale;
        }
        if (hasMinimum) {
            for (int i = to; i < to + BLOCK_WEIGHTS; i++) {
                out[i] += minimum;
            }
        }
    }

    private static int word(byte[] bytes, int at) {
        return (bytes[at] & 0xFF)
                | ((bytes[at + 1] & 0xFF) << 8)
                | ((bytes[at + 2] & 0xFF) << 16)
                | (bytes[at + 3] << 24);
    }
}
