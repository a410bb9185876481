package io.qk256.gguf.layout;

import io.qk256.gguf.TensorType;
import java.lang.foreign.MemorySegment;

/**
 * TQ1_0: blocks of 256 weights in 54 bytes, as {@link TernaryDigits}.
 *
 * <pre>
 *  0  u8[32]  weights 0 to 159: digits 0 to 4
 * 32  u8[16]  weights 160 to 239: digits 0 to 4
 * 48  u8[4]   weights 240 to 255: digits 0 to 3
 * 52  f16     the scale
 * </pre>
 *
 * <p>Source: ggml-org/ggml {@code src/ggml-quants.c}, {@code dequantize_row_tq1_0}.
 */
final class Tq1Codec extends ScaledBlocksCodec {

    private static final int BLOCK_WEIGHTS = 256;
    private static final int BLOCK_BYTES = 54;
    private static final int SCALE_AT = 52;

    Tq1Codec() {
        super(TensorType.TQ1_0, SCALE_AT);
    }

    @Override
    void values(byte[] row, int cols, byte[] values) {
        for (int i = 0; i < cols; i++) {
            int within = i % BLOCK_WEIGHTS;
            int block = i / BLOCK_WEIGHTS * BLOCK_BYTES;
            if (within < 160) {
                values[i] = TernaryDigits.value(row[block + within % 32], within / 32);
            } else if (within < 240) {
                values[i] = TernaryDigits.value(row[block + 32 + (within - 160) % 16], (within - 160) / 16);
            } else {
                values[i] = TernaryDigits.value(row[block + 48 + (within - 240) % 4], (within - 240) / 4);
            }
        }
    }

    @Override
    void decode(byte[] blocks, int from, float scale, float[] out, int to) {
        TernaryDigits.decode(blocks, from, 32, 5, scale, out, to);
        TernaryDigits.decode(blocks, from + 32, 16, 5, scale, out, to + 160);
        TernaryDigits.decode(blocks, from + 48, 4, 4, scale, out, to + 240);
    }

    @Override
    void repack(MemorySegment from, long fromOffset, int blocks, MemorySegment to, long toOffset) {
        for (int block = 0; block < blocks; block++) {
            long source = fromOffset + (long) block * BLOCK_BYTES;
            long target = toOffset + (long) block * BLOCK_WEIGHTS / 4;
            TernaryDigits.repack(from, source, 32, 5, to, target);
            TernaryDigits.repack(from, source + 32, 16, 5, to, target + 40);
            TernaryDigits.repack(from, source + 48, 4, 4, to, target + 60);
        }
    }

    @Override
    int largest() {
        return 1;
    }

    @Override
    void encode(byte[] codes, int from, byte[] block, int to) {
        TernaryDigits.encode(codes, from, 32, 5, block, to);
        TernaryDigits.encode(codes, from + 160, 16, 5, block, to + 32);
        TernaryDigits.encode(codes, from + 240, 4, 4, block, to + 48);
    }
}
