package io.qk256.gguf.layout;

import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufTensor;
import io.qk256.gguf.TensorType;
import io.qk256.spi.Qk256Matrix;

/** The scales of a matrix that is encoded as a type with other groups. */
final class GroupScales {

    private final GgufTensor tensor;
    private final Qk256Matrix matrix;
    private final TensorType type;

    /**
     * Creates a view of the scales.
     *
     * @param tensor the tensor that the matrix came from, for messages
     * @param type the type to encode to
     */
    GroupScales(GgufTensor tensor, Qk256Matrix matrix, TensorType type) {
        this.tensor = tensor;
        this.matrix = matrix;
        this.type = type;
    }

    /**
     * Returns the scale that weights of a row have in common.
     *
     * @param from the first column, a multiple of {@code weights}
     * @throws GgufException if their scales differ
     */
    float common(int row, int from, int weights) throws GgufException {
        if (!matrix.hasGroupScales()) {
            return matrix.tensorScale();
        }
        int group = matrix.group();
        float scale = matrix.scale(row, from / group);
        for (int col = from / group * group + group; col < from + weights; col += group) {
            float other = matrix.scale(row, col / group);
            if (other != scale) {
                throw new GgufException(tensor + ": the weights of row " + row + " from column " + col
                        + " on have the scale " + other + ", expected " + scale + " like those from column " + from
                        + " on; " + type.label() + " has one scale for " + weights + " weights; convert to a type with"
                        + " smaller groups, or to qk256");
            }
        }
        return scale;
    }

    /**
     * Returns a scale in f16.
     *
     * @param round whether it may be rounded
     * @throws GgufException if it cannot be kept
     */
    short half(float scale, boolean round) throws GgufException {
        short half = Float.floatToFloat16(scale);
        float rounded = Float.float16ToFloat(half);
        if (rounded != scale && (!round || Float.isInfinite(rounded))) {
            throw new GgufException(tensor + ": the scale " + scale + " rounds to " + rounded + " in the f16 scales of "
                    + type.label() + ", expected an exact value; use qk256 or i2_s, or accept rounding with"
                    + " --round-scales if the result is finite");
        }
        return half;
    }

    /** The error of a rounded scale, relative to it. */
    static double error(float scale, short half) {
        float rounded = Float.float16ToFloat(half);
        return rounded == scale ? 0 : Math.abs((double) rounded - scale) / Math.abs((double) scale);
    }
}
