package io.qk256.gguf.layout;

import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufTensor;
import io.qk256.gguf.Progress;
import io.qk256.gguf.TensorType;

/**
 * Defines one tensor type: how its bytes become f32 values, and how they are checked. {@link TwoBitCodec} adds the
 * conversion of codes and scales to and from QK256. A type is one subclass and a line in {@link TensorCodecs}.
 * Immutable and thread-safe.
 */
abstract class TensorCodec {

    private final TensorType type;

    TensorCodec(TensorType type) {
        this.type = type;
    }

    /** The type, with its name, id and block size. */
    final TensorType type() {
        return type;
    }

    /**
     * Returns a reader that decodes rows as ggml and bitnet.cpp do, to the bit. The caller checks ranges.
     *
     * @param tensor a {@linkplain #requireReadable readable} tensor of this type
     * @param most the most rows to read at a time
     */
    abstract RowReader reader(GgufTensor tensor, int most);

    /**
     * Refuses data that is invalid for the type and that a reader would not notice.
     *
     * @throws GgufException if the tensor holds such data
     */
    void requireReadable(GgufTensor tensor) throws GgufException {}

    /**
     * Refuses NaN and infinities in values or their scales.
     *
     * @param threads 1 or more
     * @param progress receives the number of bytes checked
     * @throws GgufException if there are any; the message names the first
     */
    void requireFinite(GgufTensor tensor, int threads, Progress progress) throws GgufException {}
}
