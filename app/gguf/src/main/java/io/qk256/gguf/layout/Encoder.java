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
 * Packs a matrix in QK256 layout as a tensor of I2_S (layout of x86) or TQ2_0. Every weight keeps its value, or the matrix is
 * refused with the reason. The layouts are those of {@link BitPlanes}. Stateless and thread-safe.
 */
public final class Encoder {

    private static final int GROUP_WEIGHTS = 128;
    private static final int GROUP_BYTES = 32;
    private static final int PLANES = 4;
    private static final byte NONE = -1;

    private final GgufTensor tensor;
    private final Qk256Matrix matrix;
    private final byte[] codeOf = new byte[4];

    /** Largest difference of a scale that was rounded to f16, as a part of the scale. */
    private double scaleError;

    /**
     * An encoder for one matrix.
     *
     * @param tensor where the matrix is from, for messages
     * @param largest the largest value of a weight that the type can hold; the least is −1
     */
    private Encoder(GgufTensor tensor, Qk256Matrix matrix, int largest) {
        this.tensor = tensor;
        this.matrix = matrix;
        for (int code = 0; code < codeOf.length; code++) {
            float value = matrix.codebook().value(code);
            codeOf[code] = value >= -1 && value <= largest && value == (int) value ? (byte) (value + 1) : NONE;
        }
    }

    /**
     * The bytes of a tensor of TQ2_0.
     *
     * @param roundScales whether scales may be rounded to f16
     */
    public static Encoded tq2(GgufTensor tensor, Qk256Matrix matrix, boolean roundScales, Arena arena)
            throws GgufException {
        requireColumns(tensor, matrix, TensorType.TQ2_0);
        Encoder encoder = new Encoder(tensor, matrix, 2);
        int blockBytes = TensorType.TQ2_0.blockBytes();
        MemorySegment out = arena.allocate(TensorType.TQ2_0.bytes((long) matrix.rows() * matrix.cols()));
        long to = 0;
        for (int row = 0; row < matrix.rows(); row++) {
            for (int block = 0; block < matrix.blocks(); block++) {
                encoder.group(row, 2 * block, false, out, to);
                encoder.group(row, 2 * block + 1, false, out, to + GROUP_BYTES);
                out.set(LittleEndian.I16, to + Qk256.BLOCK_BYTES, encoder.half(row, block, roundScales));
                to += blockBytes;
            }
        }
        return new Encoded(out, encoder.scaleError);
    }

    /** The bytes of a tensor of I2_S. */
    public static Encoded i2s(GgufTensor tensor, Qk256Matrix matrix, Arena arena) throws GgufException {
        requireColumns(tensor, matrix, TensorType.I2_S);
        Encoder encoder = new Encoder(tensor, matrix, 1);
        float scale = encoder.onlyScale();
        MemorySegment out = arena.allocate(TensorType.I2_S.bytes((long) matrix.rows() * matrix.cols()));
        long to = 0;
        for (int row = 0; row < matrix.rows(); row++) {
            for (int group = 0; group < matrix.cols() / GROUP_WEIGHTS; group++) {
                encoder.group(row, group, true, out, to);
                to += GROUP_BYTES;
            }
        }
        out.set(LittleEndian.F32, to, scale);
        if (scale == 0) {
            encoder.requireZeros(out, to);
        }
        return new Encoded(out, 0);
    }

    /**
     * A tensor in another type.
     *
     * @param scaleError largest difference of a scale to the one before, as a part of it
     */
    public record Encoded(MemorySegment bytes, double scaleError) {}

    private static void requireColumns(GgufTensor tensor, Qk256Matrix matrix, TensorType type) throws GgufException {
        if (matrix.cols() % type.blockWeights() != 0) {
            throw new GgufException(tensor + ": has " + matrix.cols() + " columns, expected a multiple of "
                    + type.blockWeights() + " for " + type.label() + "; qk256 takes any number");
        }
    }

    private void group(int row, int group, boolean firstPlaneHighest, MemorySegment out, long to) throws GgufException {
        long from = row * matrix.rowStride() + (long) group * GROUP_BYTES;
        for (int m = 0; m < GROUP_BYTES; m++) {
            int packed = 0;
            for (int plane = 0; plane < PLANES; plane++) {
                int within = plane * GROUP_BYTES + m;
                int four = matrix.codes().get(LittleEndian.I8, from + within / 4);
                int code = codeOf[four >> (2 * (within % 4)) & 3];
                if (code == NONE) {
                    throw notHeld(row, group * GROUP_WEIGHTS + within);
                }
                packed |= code << (2 * (firstPlaneHighest ? PLANES - 1 - plane : plane));
            }
            out.set(LittleEndian.I8, to + m, (byte) packed);
        }
    }

    private GgufException notHeld(int row, int col) {
        MemorySegment codes = matrix.codes().asSlice(row * matrix.rowStride());
        float value = matrix.codebook().value(Qk256.code(codes, col));
        return new GgufException(tensor + ": the weight at row " + row + ", column " + col + " is " + value
                + " before scaling, which the type cannot hold; expected -1, 0 or +1 (and +2 for tq2_0); "
                + "qk256 holds any");
    }

    private short half(int row, int block, boolean round) throws GgufException {
        float scale = matrix.scale(row, block);
        short half = Float.floatToFloat16(scale);
        float rounded = Float.float16ToFloat(half);
        if (rounded == scale) {
            return half;
        }
        double error = Math.abs((double) rounded - scale) / Math.abs((double) scale);
        if (!round || Float.isInfinite(rounded)) {
            throw new GgufException(tensor + ": the scale " + scale + " becomes " + rounded
                    + " in the f16 that tq2_0 has for scales, expected no change; use qk256 or i2_s, or accept it"
                    + " with --round-scales if it is finite");
        }
        scaleError = Math.max(scaleError, error);
        return half;
    }

    private float onlyScale() throws GgufException {
        float scale = matrix.scale(0, 0);
        for (int row = 0; row < matrix.rows(); row++) {
            for (int block = 0; block < matrix.blocks(); block++) {
                if (matrix.scale(row, block) != scale) {
                    throw new GgufException(tensor + ": row " + row + ", block " + block + " has the scale "
                            + matrix.scale(row, block) + ", expected " + scale + " as the first; i2_s has one scale "
                            + "for a tensor, qk256 and tq2_0 have one for each block");
                }
            }
        }
        return scale;
    }

    /** What has the scale 0 and other codes than zeros, a reader of I2_S takes for data that was never written. */
    private void requireZeros(MemorySegment codes, long bytes) throws GgufException {
        byte fourZeros = 0b01_01_01_01;
        for (long i = 0; i < bytes; i++) {
            if (codes.get(LittleEndian.I8, i) != fourZeros) {
                throw new GgufException(tensor + ": the scale is 0 but not all codes are zeros, "
                        + "which i2_s cannot hold; use qk256 or tq2_0");
            }
        }
    }
}
