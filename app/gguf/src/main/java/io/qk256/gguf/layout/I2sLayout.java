package io.qk256.gguf.layout;

import io.qk256.gguf.TensorType;

/**
 * How bitnet.cpp packs I2_S. Three layouts share one type id. The machine that packed a file determined the layout, and
 * the file does not record it. Read with the wrong one, about half of the weights are wrong, and the bytes do not show
 * it.
 *
 * <p>Source: microsoft/BitNet {@code src/ggml-bitnet-mad.cpp}, {@code quantize_i2_s}.
 */
public enum I2sLayout {
    /** 128 weights of a row in 32 bytes, in four planes of 32: the published models, and files packed on x86. */
    X86(TensorType.I2_S),
    /** 64 weights of a row in 16 bytes, in four planes of 16: packed on ARM. */
    ARM(TensorType.I2_S_ARM),
    /** One weight of each of four rows in a byte: packed on x86 without {@code ACT_PARALLEL}. */
    ROWS4(TensorType.I2_S_ROWS4);

    private final TensorType type;

    I2sLayout(TensorType type) {
        this.type = type;
    }

    /** The type of I2_S tensors when a file is read with this layout. */
    TensorType type() {
        return type;
    }
}
