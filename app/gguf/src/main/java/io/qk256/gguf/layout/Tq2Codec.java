package io.qk256.gguf.layout;

import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufTensor;
import io.qk256.gguf.LittleEndian;
import io.qk256.gguf.TensorType;
import io.qk256.spi.Qk256;
import io.qk256.spi.Qk256Matrix;
import java.lang.foreign.Arena;
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
    private static final int LARGEST = 2;

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
    boolean isWritable() {
        return true;
    }

    /** Scales become f16. */
    @Override
    Encoded encode(GgufTensor tensor, Qk256Matrix matrix, boolean roundScales, Arena arena) throws GgufException {
        PlaneEncoder planes = new PlaneEncoder(tensor, matrix, type(), LARGEST);
        MemorySegment out = arena.allocate(type().bytes((long) matrix.rows() * matrix.cols()));
        double scaleError = 0;
        long to = 0;
        for (int row = 0; row < matrix.rows(); row++) {
            for (int block = 0; block < matrix.blocks(); block++) {
                planes.lowestFirst(row, 2 * block, out, to);
                planes.lowestFirst(row, 2 * block + 1, out, to + BitPlanes.GROUP_BYTES);
                float scale = matrix.scale(row, block);
                short half = half(tensor, scale, roundScales);
                out.set(LittleEndian.I16, to + SCALE_AT, half);
                scaleError = Math.max(scaleError, error(scale, Float.float16ToFloat(half)));
                to += BLOCK_BYTES;
            }
        }
        return new Encoded(out, scaleError);
    }

    private static short half(GgufTensor tensor, float scale, boolean round) throws GgufException {
        short half = Float.floatToFloat16(scale);
        float rounded = Float.float16ToFloat(half);
        if (rounded != scale && (!round || Float.isInfinite(rounded))) {
            throw new GgufException(tensor + ": the scale " + scale + " rounds to " + rounded
                    + " in the f16 scales of tq2_0, expected an exact value; use qk256 or i2_s, or accept rounding"
                    + " with --round-scales if the result is finite");
        }
        return half;
    }

    /** The error relative to the scale. */
    private static double error(float scale, float rounded) {
        return rounded == scale ? 0 : Math.abs((double) rounded - scale) / Math.abs((double) scale);
    }
}
