package io.qk256.gguf.layout;

import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufTensor;
import io.qk256.gguf.Progress;
import io.qk256.gguf.TensorType;

/**
 * All that is known of one tensor type: how its bytes become f32 values, and how they are checked; {@link TwoBitCodec} says how
 * codes and scales become QK256, and come from it. A type is one subclass, and a line in {@link TensorCodecs}. Immutable and
 * thread-safe.
 */
abstract class TensorCodec {

    private final TensorType type;

    TensorCodec(TensorType type) {
        this.type = type;
    }

    /** Its name, number and block. */
    final TensorType type() {
        return type;
    }

    /**
     * Reads rows as ggml and bitnet.cpp decode them, to the bit. What it is given is in range.
     *
     * @param tensor of this type, {@linkplain #requireReadable readable}
     * @param most rows at a time
     */
    abstract RowReader reader(GgufTensor tensor, int most);

    /**
     * Refuses data that the type cannot mean, as far as a reader does not notice it.
     *
     * @throws GgufException if the tensor holds such data
     */
    void requireReadable(GgufTensor tensor) throws GgufException {}

    /**
     * Refuses NaN and infinities, in values or in their scales; where repacking looks for them, this does not.
     *
     * @param threads 1 or more
     * @param progress hears how many bytes are checked
     * @throws GgufException if there are any; it names the first
     */
    void requireFinite(GgufTensor tensor, int threads, Progress progress) throws GgufException {}
}
