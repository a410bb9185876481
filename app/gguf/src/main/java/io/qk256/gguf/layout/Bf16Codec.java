package io.qk256.gguf.layout;

import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufTensor;
import io.qk256.gguf.LittleEndian;
import io.qk256.gguf.Progress;
import io.qk256.gguf.TensorType;

/** BF16: the upper halves of f32 values. */
final class Bf16Codec extends TensorCodec {

    private static final FiniteCheck.Values VALUES = new FiniteCheck.Values(
            0x7F80_7F80_7F80_7F80L, 0x0080_0080_0080_0080L, (data, at) -> value(data.get(LittleEndian.I16, at)));

    Bf16Codec() {
        super(TensorType.BF16);
    }

    private static float value(short upperHalf) {
        return Float.intBitsToFloat(upperHalf << Short.SIZE);
    }

    @Override
    RowReader reader(GgufTensor tensor, int most) {
        return HalfRows.reader(tensor, most, Bf16Codec::widen);
    }

    private static void widen(short[] halves, float[] out, int at, int n) {
        for (int i = 0; i < n; i++) {
            out[at + i] = value(halves[i]);
        }
    }

    @Override
    void requireFinite(GgufTensor tensor, int threads, Progress progress) throws GgufException {
        VALUES.require(tensor, threads, progress);
    }
}
