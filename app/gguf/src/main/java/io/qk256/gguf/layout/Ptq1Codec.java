package io.qk256.gguf.layout;

import io.qk256.gguf.TensorType;
import java.lang.foreign.MemorySegment;

/**
 * PTQ1_0: blocks of 128 weights in 28 bytes, as {@link TernaryDigits}.
 *
 * <pre>
 *  0  u8[16]  weights 0 to 79: digits 0 to 4
 * 16  u8[8]   weights 80 to 119: digits 0 to 4
 * 24  u8[2]   weights 120 to 127: digits 0 to 3
 * 26  f16     the scale
 * </pre>
 *
 * <p>Source: descriptions of PrismML's format by its readers, such as NousResearch/hermes-agent issue 119194.
 */
final class Ptq1Codec extends ScaledBlocksCodec {

    private static final int BLOCK_WEIGHTS = 128;
    private static final int BLOCK_BYTES = 28;
    private static final int SCALE_AT = 26;

    Ptq1Codec() {
        super(TensorType.PTQ1_0, SCALE_AT);
    }

    @Override
    void values(byte[] row, int cols, byte[] values) {
        for (int i = 0; i < cols; i++) {
            int within = i % BLOCK_WEIGHTS;
            int block = i / BLOCK_WEIGHTS * BLOCK_BYTES;
            if (within < 80) {
                values[i] = TernaryDigits.value(row[block + within % 16], within / 16);
            } else if (within < 120) {
                values[i] = TernaryDigits.value(row[block + 16 + (within - 80) % 8], (within - 80) / 8);
            } else {
                values[i] = TernaryDigits.value(row[block + 24 + (within - 120) % 2], (within - 120) / 2);
            }
        }
    }

    @Override
    void decode(byte[] blocks, int from, float scale, float[] out, int to) {
        TernaryDigits.decode(blocks, from, 16, 5, scale, out, to);
        TernaryDigits.decode(blocks, from + 16, 8, 5, scale, out, to + 80);
        TernaryDigits.decode(blocks, from + 24, 2, 4, scale, out, to + 120);
    }

    @Override
    void repack(MemorySegment from, long fromOffset, int blocks, MemorySegment to, long toOffset) {
        for (int block = 0; block < blocks; block++) {
            long source = fromOffset + (long) block * BLOCK_BYTES;
            long target = toOffset + (long) block * BLOCK_WEIGHTS / 4;
            TernaryDigits.repack(from, source, 16, 5, to, target);
            TernaryDigits.repack(from, source + 16, 8, 5, to, target + 20);
            TernaryDigits.repackTwo(from, source + 24, to, target + 30);
        }
    }

    @Override
    int largest() {
        return 1;
    }

    @Override
    void encode(byte[] codes, int from, byte[] block, int to) {
        TernaryDigits.encode(codes, from, 16, 5, block, to);
        TernaryDigits.encode(codes, from + 80, 8, 5, block, to + 16);
        TernaryDigits.encode(codes, from + 120, 2, 4, block, to + 24);
    }
}
