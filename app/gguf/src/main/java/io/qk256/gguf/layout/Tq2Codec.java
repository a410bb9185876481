package io.qk256.gguf.layout;

import io.qk256.gguf.TensorType;
import io.qk256.spi.Qk256;
import java.lang.foreign.MemorySegment;

/**
 * TQ2_0: blocks of 256 weights in 66 bytes: two groups of 128 weights as {@link BitPlanes}, the first plane in the
 * lowest bits, and an f16 scale. The value of a code is the code minus one, so code 3 is +2.
 *
 * <p>Source: ggml-org/ggml {@code src/ggml-quants.c}, {@code dequantize_row_tq2_0}.
 */
final class Tq2Codec extends ScaledBlocksCodec {

    private static final int BLOCK_WEIGHTS = 256;
    private static final int BLOCK_BYTES = 66;
    private static final int SCALE_AT = 64;

    Tq2Codec() {
        super(TensorType.TQ2_0, SCALE_AT);
    }

    @Override
    void values(byte[] row, int cols, byte[] values) {
        for (int i = 0; i < cols; i++) {
            int within = i % BLOCK_WEIGHTS;
            int codes = row[i / BLOCK_WEIGHTS * BLOCK_BYTES + within / 128 * 32 + within % 32];
            values[i] = (byte) ((codes >> (2 * (within % 128 / 32)) & 3) - 1);
        }
    }

    @Override
    void decode(byte[] blocks, int from, float scale, float[] out, int to) {
        for (int plane = 0; plane < 8; plane++) {
            int codesAt = from + plane / 4 * BitPlanes.GROUP_BYTES;
            int shift = 2 * (plane % 4);
            for (int i = 0; i < BitPlanes.GROUP_BYTES; i++) {
                out[to + plane * BitPlanes.GROUP_BYTES + i] = ((blocks[codesAt + i] >> shift & 3) - 1) * scale;
            }
        }
    }

    @Override
    void repack(MemorySegment from, long fromOffset, int blocks, MemorySegment to, long toOffset) {
        for (int block = 0; block < blocks; block++) {
            long source = fromOffset + (long) block * BLOCK_BYTES;
            BitPlanes.fromLowestFirst(from, source, to, toOffset + (long) block * Qk256.BLOCK_BYTES);
        }
    }

    @Override
    int largest() {
        return 2;
    }

    @Override
    void encode(byte[] codes, int from, byte[] block, int to) {
        for (int plane = 0; plane < 8; plane++) {
            for (int i = 0; i < BitPlanes.GROUP_BYTES; i++) {
                block[to + plane / 4 * BitPlanes.GROUP_BYTES + i] |=
                        (byte) (codes[from + plane * BitPlanes.GROUP_BYTES + i] << (2 * (plane % 4)));
            }
        }
    }
}
