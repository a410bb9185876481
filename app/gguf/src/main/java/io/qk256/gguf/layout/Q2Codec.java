package io.qk256.gguf.layout;

import io.qk256.gguf.TensorType;
import java.lang.foreign.MemorySegment;

/**
 * Q2_0, Q2_0 in groups of 128, and PQ2_0: blocks of 64 or 128 weights, an f16 scale followed by bytes of four codes each,
 * the first in the lowest bits. The value of a code is the code minus one. The codes are therefore those of QK256,
 * interleaved with scales.
 *
 * <p>Source: ggml-org/ggml {@code src/ggml-quants.c}, {@code dequantize_row_q2_0}.
 */
final class Q2Codec extends ScaledBlocksCodec {

    private final int blockWeights;
    private final int blockBytes;

    Q2Codec(TensorType type) {
        super(type, 0);
        this.blockWeights = type.blockWeights();
        this.blockBytes = type.blockBytes();
    }

    @Override
    void values(byte[] row, int cols, byte[] values) {
        for (int i = 0; i < cols; i++) {
            int codes = row[i / blockWeights * blockBytes + Short.BYTES + i % blockWeights / 4];
            values[i] = (byte) ((codes >> (2 * (i % 4)) & 3) - 1);
        }
    }

    @Override
    void decode(byte[] blocks, int from, float scale, float[] out, int to) {
        int codesAt = from + Short.BYTES;
        for (int i = 0; i < blockWeights / 4; i++) {
            int codes = blocks[codesAt + i];
            out[to + 4 * i] = ((codes & 3) - 1) * scale;
            out[to + 4 * i + 1] = ((codes >> 2 & 3) - 1) * scale;
            out[to + 4 * i + 2] = ((codes >> 4 & 3) - 1) * scale;
            out[to + 4 * i + 3] = ((codes >> 6 & 3) - 1) * scale;
        }
    }

    @Override
    void repack(MemorySegment from, long fromOffset, int blocks, MemorySegment to, long toOffset) {
        int codeBytes = blockWeights / 4;
        for (int block = 0; block < blocks; block++) {
            long source = fromOffset + (long) block * blockBytes + Short.BYTES;
            MemorySegment.copy(from, source, to, toOffset + (long) block * codeBytes, codeBytes);
        }
    }

    @Override
    int largest() {
        return 2;
    }

    @Override
    void encode(byte[] codes, int from, byte[] block, int to) {
        for (int i = 0; i < blockWeights; i++) {
            block[to + Short.BYTES + i / 4] |= (byte) (codes[from + i] << (2 * (i % 4)));
        }
    }
}
