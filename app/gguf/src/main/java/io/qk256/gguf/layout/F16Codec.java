package io.qk256.gguf.layout;

import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufTensor;
import io.qk256.gguf.LittleEndian;
import io.qk256.gguf.Progress;
import io.qk256.gguf.TensorType;

/** F16: IEEE half-precision values. */
final class F16Codec extends TensorCodec {

    private static final FiniteCheck.Values VALUES = new FiniteCheck.Values(
            0x7C00_7C00_7C00_7C00L,
            0x0400_0400_0400_0400L,
            (data, at) -> Float.float16ToFloat(data.get(LittleEndian.I16, at)));

    F16Codec() {
        super(TensorType.F16);
    }

    @Override
    RowReader reader(GgufTensor tensor, int most) {
        return HalfRows.reader(tensor, most, F16Codec::widen);
    }

    private static void widen(short[] halves, float[] out, int at, int n) {
        for (int i = 0; i < n; i++) {
            out[at + i] = Float.float16ToFloat(halves[i]);
        }
    }

    @Override
    void requireFinite(GgufTensor tensor, int threads, Progress progress) throws GgufException {
        VALUES.require(tensor, threads, progress);
    }
}
