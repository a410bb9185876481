package io.qk256.gguf;

import java.util.Optional;

/**
 * What a type id means in a file: it depends on more than the id.
 *
 * @param architecture the value of {@code general.architecture}, empty if there is none
 * @param i2sLayout how I2_S is packed
 */
record TypeRules(String architecture, I2sLayout i2sLayout) {

    /** The type, empty if no type has the id or ggml has removed it. */
    Optional<TensorType> typeOf(int id) {
        return TensorType.of(id, architecture).map(type -> type == TensorType.I2_S ? i2sLayout.type() : type);
    }
}
