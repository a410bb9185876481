package io.qk256.gguf.layout;

import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufTensor;
import io.qk256.gguf.LittleEndian;
import io.qk256.gguf.TensorType;
import io.qk256.spi.Qk256Matrix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** I2_S in its three {@linkplain I2sLayout layouts}: one scale for the tensor, behind the codes; code 3 is refused. */
final class I2sRepack extends RowRepack {

    private static final int TRAILER_BYTES = 32;

    private final float scale;

    I2sRepack(GgufTensor tensor, Arena arena) throws GgufException {
        super(tensor, arena);
        if (tensor.type() == TensorType.I2_S_ROWS4 && matrix.rows() % 4 != 0) {
            throw new GgufException(tensor + ": has " + matrix.rows() + " rows, expected a multiple of 4; "
                    + "it is packed in another layout: see --i2s-layout");
        }
        this.scale = scale(tensor);
    }

    /** A quantiser that finds scale 0 has seen zeros only; other weights mean that the data was never written. */
    private static float scale(GgufTensor tensor) throws GgufException {
        MemorySegment data = tensor.data();
        long scaleAt = data.byteSize() - TRAILER_BYTES;
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

    @Override
    void rows(int from, int to) throws GgufException {
        boolean ternary = switch (tensor.type()) {
            case I2_S -> x86(from, to);
            case I2_S_ARM -> arm(from, to);
            default -> rows4(from, to);
        };
        if (!ternary) {
            throw notTernary(from, to);
        }
    }

    /** Rows of I2_S follow each other in groups of 128 weights, so an odd group leaves half a block of padding. */
    private boolean x86(int from, int to) {
        int groups = matrix.cols() / tensor.type().blockWeights();
        long rowBytes = (long) groups * tensor.type().blockBytes();
        boolean ternary = true;
        for (int row = from; row < to; row++) {
            ternary &=
                    BitPlanes.fromI2s(tensor.data(), row * rowBytes, matrix.codes(), row * matrix.rowStride(), groups);
        }
        return ternary;
    }

    private boolean arm(int from, int to) {
        int groups = matrix.cols() / tensor.type().blockWeights();
        int groupBytes = tensor.type().blockBytes();
        boolean ternary = true;
        for (int row = from; row < to; row++) {
            for (int group = 0; group < groups; group++) {
                long source = ((long) row * groups + group) * groupBytes;
                long target = row * matrix.rowStride() + (long) group * groupBytes;
                ternary &= BitPlanes.fromI2sArm(tensor.data(), source, matrix.codes(), target);
            }
        }
        return ternary;
    }

    private boolean rows4(int from, int to) {
        boolean ternary = true;
        for (int row = from; row < to; row += 4) {
            long source = (long) row / 4 * matrix.cols();
            long target = row * matrix.rowStride();
            for (int col = 0; col < matrix.cols(); col += 4) {
                ternary &= BitPlanes.fromI2sRows4(
                        tensor.data(), source + col, matrix.codes(), target + col / 4, matrix.rowStride());
            }
        }
        return ternary;
    }

    @Override
    Qk256Matrix finish(Arena arena) {
        return matrix.withTensorScale(scale);
    }

    private GgufException notTernary(int from, int to) {
        PlainDecoder plain = PlainDecoder.of(tensor);
        byte[] values = new byte[matrix.cols()];
        for (int row = from; row < to; row++) {
            plain.row(row, values);
            for (int col = 0; col < values.length; col++) {
                if (values[col] == 2) {
                    return new GgufException(tensor + ": the weight at row " + row + ", column " + col
                            + " has code 3, expected 0, 1 or 2; the data is damaged, or in another of the three "
                            + "layouts of I2_S, which files do not tell apart: --i2s-layout x86 (the published "
                            + "models), arm (packed on ARM), rows4 (packed without ACT_PARALLEL)");
                }
            }
        }
        throw new AssertionError(tensor + ": a code 3 that the plain decoder does not see");
    }
}
