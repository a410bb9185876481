package io.qk256.app.files;

import io.qk256.spi.Codebook;
import io.qk256.spi.Qk256;
import io.qk256.spi.Qk256Matrix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;

/**
 * Turns ternary tensors of other projects into {@linkplain Qk256 QK256 layout}, once, when a model is loaded. Every
 * weight keeps its value to the bit. Stateless and thread-safe.
 *
 * <ul>
 *   <li>I2_S (bitnet.cpp): read in the layout that it has on x86 and in the published models; one scale for the tensor.
 *   <li>TQ1_0 and TQ2_0 (ggml): a scale for each block of 256. If all blocks of a tensor have the same bits
 *       for a scale, as a converted BitNet tensor does, it becomes the scale of the tensor: the weights are the same,
 *       and the int8 product then rounds as it does for I2_S.
 * </ul>
 */
public final class Repack {

    private static final long CACHE_LINE = 64;

    private static final int I2S_TRAILER_BYTES = 32;

    private Repack() {}

    /** Why tensors of a type cannot be repacked; empty if they can. */
    public static Optional<String> refusal(TensorType type) {
        return switch (type) {
            case I2_S, TQ1_0, TQ2_0 -> Optional.empty();
            case TL1, TL2 ->
                Optional.of("its weights are permuted for the look-up kernel of one machine; "
                        + "convert the model to I2_S or TQ2_0");
            case Q2_0 -> Optional.of("it has a scale for each 64 weights, QK256 has one for each 256");
            case Q2_K, IQ2_XXS, IQ2_XS, IQ2_S ->
                Optional.of("its weights are not codes of one codebook of four values");
            default -> Optional.of("it does not have 2 bits a weight");
        };
    }

    /**
     * Repacks a tensor; dimensions beyond the first become rows.
     *
     * @param arena receives codes and scales, each on a 64-byte boundary
     * @return a matrix with codebook {@link Codebook#TERNARY}
     * @throws GgufException if the type {@linkplain #refusal cannot be repacked}, a side has 2^31 or more, a scale is
     *     not finite, or an I2_S tensor holds what its quantiser never writes
     */
    public static Qk256Matrix repack(GgufTensor tensor, Arena arena) throws GgufException {
        Optional<String> refusal = refusal(tensor.type());
        if (refusal.isPresent()) {
            throw new GgufException(tensor + ": cannot become QK256: " + refusal.get());
        }
        int rows = side(tensor, "rows", tensor.rows());
        int cols = side(tensor, "columns", tensor.cols());
        MemorySegment codes = arena.allocate(rows * Qk256.rowBytes(cols), CACHE_LINE);
        Qk256Matrix matrix = Qk256Matrix.of(codes, rows, cols, Codebook.TERNARY);
        return switch (tensor.type()) {
            case I2_S -> i2s(tensor, matrix);
            case TQ2_0 -> {
                eachBlock(tensor, codes, BitPlanes::fromTq2);
                yield withScales(tensor, matrix, arena);
            }
            default -> {
                eachBlock(tensor, codes, Trits::fromTq1);
                yield withScales(tensor, matrix, arena);
            }
        };
    }

    private interface BlockRepack {
        void repack(MemorySegment from, long fromOffset, MemorySegment to, long toOffset);
    }

    private static void eachBlock(GgufTensor tensor, MemorySegment codes, BlockRepack repack) {
        long blocks = codes.byteSize() / Qk256.BLOCK_BYTES;
        for (long block = 0; block < blocks; block++) {
            repack.repack(tensor.data(), block * tensor.type().blockBytes(), codes, block * Qk256.BLOCK_BYTES);
        }
    }

    /** Rows of I2_S follow each other in groups of 128 weights, so an odd group leaves half a block of padding. */
    private static Qk256Matrix i2s(GgufTensor tensor, Qk256Matrix matrix) throws GgufException {
        MemorySegment data = tensor.data();
        int groups = matrix.cols() / TensorType.I2_S.blockWeights();
        int groupBytes = TensorType.I2_S.blockBytes();
        float scale = i2sScale(tensor);
        long from = 0;
        for (int row = 0; row < matrix.rows(); row++) {
            long to = row * matrix.rowStride();
            for (int group = 0; group < groups; group++) {
                boolean ternary = BitPlanes.fromI2s(data, from, matrix.codes(), to);
                if (!ternary) {
                    throw notTernary(tensor, row, group);
                }
                from += groupBytes;
                to += groupBytes;
            }
        }
        return matrix.withTensorScale(scale);
    }

    /** A quantiser that finds scale 0 has seen zeros only; other weights mean that the data was never written. */
    private static float i2sScale(GgufTensor tensor) throws GgufException {
        MemorySegment data = tensor.data();
        long scaleAt = data.byteSize() - I2S_TRAILER_BYTES;
        float scale = data.get(LittleEndian.F32, scaleAt);
        requireFinite(tensor, scale, "the scale");
        if (scale == 0) {
            byte fourZeros = 0b01_01_01_01;
            for (long i = 0; i < scaleAt; i++) {
                if (data.get(LittleEndian.I8, i) != fourZeros) {
                    throw new GgufException(
                            tensor + ": the scale is 0 but not all weights are, expected a scale above 0; "
                                    + "the data is missing or damaged, get the file again");
                }
            }
        }
        return scale;
    }

    private static Qk256Matrix withScales(GgufTensor tensor, Qk256Matrix matrix, Arena arena) throws GgufException {
        long blocks = (long) matrix.rows() * matrix.blocks();
        short first = halfScale(tensor, 0);
        boolean same = true;
        for (long block = 0; block < blocks; block++) {
            short bits = halfScale(tensor, block);
            requireFinite(tensor, Float.float16ToFloat(bits), "the scale of block " + block);
            same &= bits == first;
        }
        if (same) {
            return matrix.withTensorScale(Float.float16ToFloat(first));
        }
        MemorySegment scales = arena.allocate(blocks * Float.BYTES, CACHE_LINE);
        for (long block = 0; block < blocks; block++) {
            scales.setAtIndex(ValueLayout.JAVA_FLOAT, block, Float.float16ToFloat(halfScale(tensor, block)));
        }
        return matrix.withBlockScales(scales);
    }

    /** Blocks of TQ1_0 and TQ2_0 end with an f16 scale. */
    private static short halfScale(GgufTensor tensor, long block) {
        return tensor.data().get(LittleEndian.I16, (block + 1) * tensor.type().blockBytes() - Short.BYTES);
    }

    private static int side(GgufTensor tensor, String what, long value) throws GgufException {
        if (value > Integer.MAX_VALUE) {
            throw new GgufException(tensor + ": has " + value + " " + what + ", expected at most " + Integer.MAX_VALUE
                    + "; split the tensor");
        }
        return (int) value;
    }

    private static void requireFinite(GgufTensor tensor, float scale, String what) throws GgufException {
        if (!Float.isFinite(scale)) {
            throw new GgufException(
                    tensor + ": " + what + " is " + scale + ", expected a finite number; the data is damaged");
        }
    }

    private static GgufException notTernary(GgufTensor tensor, int row, int group) {
        PlainDecoder plain = PlainDecoder.of(tensor);
        byte[] values = new byte[(int) tensor.cols()];
        plain.row(row, values);
        int col = group * TensorType.I2_S.blockWeights();
        while (values[col] != 2) {
            col++;
        }
        return new GgufException(tensor + ": the weight at row " + row + ", column " + col
                + " has code 3, expected 0, 1 or 2; the data is damaged, or packed without the layout of x86 "
                + "(I2_S files made on ARM differ and do not say so); get the file made on x86, or convert to TQ2_0");
    }
}
