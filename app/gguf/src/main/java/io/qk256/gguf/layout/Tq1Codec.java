package io.qk256.gguf.layout;

import io.qk256.gguf.LittleEndian;
import io.qk256.gguf.TensorType;
import java.lang.foreign.MemorySegment;

/**
 * TQ1_0: blocks of 256 weights in 54 bytes. A byte holds five ternary digits, most significant first, scaled so that
 * multiplying it by three pushes one digit out at the top. Digits {@code n} of neighboring bytes are neighboring
 * weights.
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
    private static final int[] POWERS_OF_THREE = {1, 3, 9, 27, 81};

    /** The five codes of each byte value, code {@code n} in the low bits of byte {@code n}. */
    private static final long[] CODES = new long[256];

    static {
        for (int value = 0; value < CODES.length; value++) {
            int rest = value;
            for (int n = 0; n < 5; n++) {
                int tripled = rest * 3;
                CODES[value] |= (long) (tripled >> 8) << (8 * n);
                rest = tripled & 0xFF;
            }
        }
    }

    Tq1Codec() {
        super(TensorType.TQ1_0, SCALE_AT);
    }

    @Override
    void values(byte[] row, int cols, byte[] values) {
        for (int i = 0; i < cols; i++) {
            int within = i % BLOCK_WEIGHTS;
            int block = i / BLOCK_WEIGHTS * BLOCK_BYTES;
            if (within < 160) {
                values[i] = trit(row[block + within % 32], within / 32);
            } else if (within < 240) {
                values[i] = trit(row[block + 32 + (within - 160) % 16], (within - 160) / 16);
            } else {
                values[i] = trit(row[block + 48 + (within - 240) % 4], (within - 240) / 4);
            }
        }
    }

    private static byte trit(byte digits, int n) {
        int shifted = digits * POWERS_OF_THREE[n] & 0xFF;
        return (byte) (((shifted * 3) >> 8) - 1);
    }

    @Override
    void repack(MemorySegment from, long fromOffset, int blocks, MemorySegment to, long toOffset) {
        for (int block = 0; block < blocks; block++) {
            long source = fromOffset + (long) block * BLOCK_BYTES;
            long target = toOffset + (long) block * BLOCK_WEIGHTS / 4;
            digits(from, source, 32, 5, to, target);
            digits(from, source + 32, 16, 5, to, target + 40);
            digits(from, source + 48, 4, 4, to, target + 60);
        }
    }

    /** For each digit, four bytes give four neighboring codes, which make one byte of QK256. */
    private static void digits(
            MemorySegment from, long fromOffset, int bytes, int digits, MemorySegment to, long toOffset) {
        int stride = bytes / 4;
        for (int i = 0; i < stride; i++) {
            int four = from.get(LittleEndian.I32, fromOffset + 4L * i);
            long packed = CODES[four & 0xFF]
                    | (CODES[four >>> 8 & 0xFF] << 2)
                    | (CODES[four >>> 16 & 0xFF] << 4)
                    | (CODES[four >>> 24] << 6);
            for (int n = 0; n < digits; n++) {
                to.set(LittleEndian.I8, toOffset + (long) n * stride + i, (byte) (packed >>> (8 * n)));
            }
        }
    }
}
