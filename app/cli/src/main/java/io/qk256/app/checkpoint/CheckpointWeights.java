package io.qk256.app.checkpoint;

import io.qk256.app.checkpoint.Safetensors.Tensor;
import io.qk256.gguf.GgufTensor;
import io.qk256.gguf.LittleEndian;
import io.qk256.gguf.TensorType;
import io.qk256.gguf.layout.TensorRows;
import io.qk256.spi.Codebook;
import io.qk256.spi.F32Vector;
import io.qk256.spi.Qk256Matrix;
import io.qk256.spi.memory.Packing;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** Reads the weights of a checkpoint as ternary matrices and as floats. */
final class CheckpointWeights {

    private CheckpointWeights() {}

    /** The type in GGUF of a tensor that is copied. */
    static TensorType type(Tensor tensor) throws IOException {
        return switch (tensor.type()) {
            case BF16 -> TensorType.BF16;
            case F16 -> TensorType.F16;
            case F32 -> TensorType.F32;
            case U8 ->
                throw new IOException(tensor + ": expected BF16, F16 or F32; the checkpoint is of an unsupported kind");
        };
    }

    /** Returns finite values, row by row. */
    static float[] floats(Tensor tensor, int cols, int rows) throws IOException {
        float[] values = new float[Math.multiplyExact(cols, rows)];
        GgufTensor asRows = new GgufTensor(
                tensor.file(), tensor.name(), type(tensor), List.of((long) cols, (long) rows), tensor.data());
        TensorRows.of(asRows).reader(rows).read(0, rows, values, 0);
        for (int i = 0; i < values.length; i++) {
            if (!Float.isFinite(values[i])) {
                throw new IOException(tensor + ": value " + i + " is " + values[i]
                        + ", expected a finite number; the data is damaged");
            }
        }
        return values;
    }

    /**
     * Reads packed weights. Byte {@code (r, c)} has weight {@code (r + k * rows / 4, c)} in bits {@code 2k}; a weight is
     * the code minus one.
     *
     * @param multiplies whether weights are multiplied by the scale; if not, they are divided by it
     */
    static Qk256Matrix packed(Tensor tensor, Tensor scale, boolean multiplies, int rows, int cols, Arena arena)
            throws IOException {
        byte[] codes = new byte[Math.multiplyExact(rows, cols)];
        int quarter = codes.length / 4;
        for (int i = 0; i < quarter; i++) {
            int four = tensor.data().get(LittleEndian.I8, i);
            for (int k = 0; k < 4; k++) {
                int code = four >> (2 * k) & 3;
                if (code == 3) {
                    throw new IOException(tensor + ": the weight at row " + (i / cols + k * (rows / 4)) + ", column "
                            + i % cols + " has code 3, expected 0, 1 or 2; the data is damaged");
                }
                codes[k * quarter + i] = (byte) code;
            }
        }
        float stored = floats(scale, 1, 1)[0];
        float value = multiplies ? stored : 1 / stored;
        if (!Float.isFinite(value)) {
            throw new IOException(scale + ": is " + stored + ", expected a finite number other than 0");
        }
        return Packing.into(arena).codes(codes, rows, cols, Codebook.TERNARY).withTensorScale(value);
    }

    /**
     * Rounds master weights to ternary ones by the rule of the training. The scale is rounded to the type of the weights,
     * as in the computation of transformers.
     */
    static Qk256Matrix rounded(Tensor tensor, int rows, int cols, Arena arena) throws IOException {
        float[] weights = floats(tensor, cols, rows);
        Qk256Matrix matrix = Packing.into(arena).absMean(F32Vector.of(MemorySegment.ofArray(weights)), rows, cols);
        float scale = matrix.tensorScale();
        return matrix.withTensorScale(
                switch (tensor.type()) {
                    case BF16 -> toBf16(scale);
                    case F16 -> Float.float16ToFloat(Float.floatToFloat16(scale));
                    default -> scale;
                });
    }

    /** Rounds half to even. */
    private static float toBf16(float value) {
        int bits = Float.floatToRawIntBits(value);
        int rounded = bits + 0x7FFF + (bits >>> 16 & 1);
        return Float.intBitsToFloat(rounded & 0xFFFF_0000);
    }
}
