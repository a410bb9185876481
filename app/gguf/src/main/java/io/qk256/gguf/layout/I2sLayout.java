package io.qk256.gguf.layout;

import io.qk256.gguf.TensorType;

/**
 * How bitnet.cpp packs I2_S. Three layouts share one type id, the machine that packed a file decided on one, and no file
 * says which. Read by a wrong one, about half of the weights are wrong, and nothing in the bytes shows it.
 *
 * <p>Source: microsoft/BitNet {@code src/ggml-bitnet-mad.cpp}, {@code quantize_i2_s}.
 */
public enum I2sLayout {
    /** 128 weights of a row in 32 bytes, in four planes of 32. So are the published models, and what x86 packs. */
    X86(TensorType.I2_S),
    /** 64 weights of a row in 16 bytes, in four planes of 16: packed on ARM. */
    ARM(TensorType.I2_S_ARM),
    /** One weight of each of four rows in a byte: packed on x86 without {@code ACT_PARALLEL}. */
    ROWS4(TensorType.I2_S_ROWS4);

    private final TensorType type;

    I2sLayout(TensorType type) {
        this.type = type;
    }

    /** What tensors of type I2_S become when a file is read by this layout. */
    TensorType type() {
        return type;
    }
}
