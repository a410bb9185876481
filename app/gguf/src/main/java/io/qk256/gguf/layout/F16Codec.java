package io.qk256.gguf.layout;

import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufTensor;
import io.qk256.gguf.LittleEndian;
import io.qk256.gguf.Progress;
import io.qk256.gguf.TensorType;
import java.lang.foreign.MemorySegment;

/** F16: IEEE half-precision values. */
final class F16Codec extends TensorCodec {

    private static final FiniteCheck.Values VALUES = new FiniteCheck.Values(
            0x7C00_7C00_7C00_7C00L,
            0x0400_0400_0400_0400L,
            (data, at) -> Float.float16ToFloat(data.get(LittleEndian.I16, at)));

    F16Codec() {
        super(TensorType.F16);
    }

    /** Copies the rows first: reading single values from mapped memory is slow. */
    @Override
    RowReader reader(GgufTensor tensor, int most) {
        MemorySegment data = tensor.data();
        int cols = (int) tensor.cols();
        short[] halves = new short[Math.multiplyExact(most, cols)];
        return (first, count, out, at) -> {
            int n = count * cols;
            MemorySegment.copy(data, LittleEndian.I16, first * cols * Short.BYTES, halves, 0, n);
            widen(halves, out, at, n);
        };
    }

    /** The JVM vectorizes this loop. */
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
