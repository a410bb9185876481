package io.qk256.gguf.layout;

import io.qk256.gguf.GgufTensor;
import io.qk256.gguf.LittleEndian;
import java.lang.foreign.MemorySegment;

/** Reads rows of 16-bit values. */
final class HalfRows {

    /** Widens values to f32. Each type has a loop of its own, which the JVM vectorizes. */
    interface Widening {

        /** Widens the first {@code n} values into {@code out}, from {@code at} on. */
        void widen(short[] halves, float[] out, int at, int n);
    }

    private HalfRows() {}

    /**
     * Returns a reader that copies the rows first: reading single values from mapped memory is slow.
     *
     * @param most the most rows to read at a time
     */
    static RowReader reader(GgufTensor tensor, int most, Widening widening) {
        MemorySegment data = tensor.data();
        int cols = (int) tensor.cols();
        short[] halves = new short[Math.multiplyExact(most, cols)];
        return (first, count, out, at) -> {
            int n = count * cols;
            MemorySegment.copy(data, LittleEndian.I16, first * cols * Short.BYTES, halves, 0, n);
            widening.widen(halves, out, at, n);
        };
    }
}
