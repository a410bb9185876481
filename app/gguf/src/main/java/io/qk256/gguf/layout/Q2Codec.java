package io.qk256.gguf.layout;

import io.qk256.gguf.GgufTensor;
import io.qk256.gguf.TensorType;
import java.lang.foreign.MemorySegment;

/**
 * Q2_0: blocks of 64 weights in 18 bytes: an f16 scale, and 16 bytes of four codes each, the first in the lowest bits.
 * The value of a code is the code minus one. The codes are therefore those of QK256, interleaved with scales.
 *
 * <p>Source: ggml-org/ggml {@code src/ggml-quants.c}, {@code dequantize_row_q2_0}.
 */
final class Q2Codec extends ScaledBlocksCodec {

    private static final int BLOCK_WEIGHTS = 64;
    private static final int CODE_BYTES = BLOCK_WEIGHTS / 4;
    private static final int BLOCK_BYTES = Short.BYTES + CODE_BYTES;

    Q2Codec() {
        super(TensorType.Q2_0, 0);
    }

    @Override
    void values(byte[] row, int cols, byte[] values) {
        for (int i = 0; i < cols; i++) {
            int codes = row[i / BLOCK_WEIGHTS * BLOCK_BYTES + Short.BYTES + i % BLOCK_WEIGHTS / 4];
            values[i] = (byte) ((codes >> (2 * (i % 4)) & 3) - 1);
        }
    }

    @Override
    void repack(MemorySegment from, long fromOffset, int blocks, MemorySegment to, long toOffset) {
        for (int block = 0; block < blocks; block++) {
            long source = fromOffset + (long) block * BLOCK_BYTES + Short.BYTES;
            MemorySegment.copy(from, source, to, toOffset + (long) block * CODE_BYTES, CODE_BYTES);
        }
    }

    /** Rows can always be read as f32. Only repacking refuses different scales within 256 weights. */
    @Override
    void requireReadable(GgufTensor tensor) {}
}
