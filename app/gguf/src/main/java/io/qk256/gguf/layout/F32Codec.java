package io.qk256.gguf.layout;

import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufTensor;
import io.qk256.gguf.LittleEndian;
import io.qk256.gguf.Progress;
import io.qk256.gguf.TensorType;
import java.lang.foreign.MemorySegment;

/** F32: the values themselves. */
final class F32Codec extends TensorCodec {

    private static final FiniteCheck.Values VALUES = new FiniteCheck.Values(
            0x7F80_0000_7F80_0000L, 0x0080_0000_0080_0000L, (data, at) -> data.get(LittleEndian.F32, at));

    F32Codec() {
        super(TensorType.F32);
    }

    @Override
    RowReader reader(GgufTensor tensor, int most) {
        MemorySegment data = tensor.data();
        int cols = (int) tensor.cols();
        return (first, count, out, at) ->
                MemorySegment.copy(data, LittleEndian.F32, first * cols * Float.BYTES, out, at, count * cols);
    }

    @Override
    void requireFinite(GgufTensor tensor, int threads, Progress progress) throws GgufException {
        VALUES.require(tensor, threads, progress);
    }
}
