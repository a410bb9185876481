package io.qk256.gguf.layout;

import io.qk256.gguf.LittleEndian;
import io.qk256.gguf.TensorType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** The formulas of {@link TensorRows}, each for one row. */
final class Decoders {

    private static final ValueLayout.OfFloat OUT = ValueLayout.JAVA_FLOAT_UNALIGNED;

    private Decoders() {}

    static void f16(MemorySegment data, long row, int cols, MemorySegment out) {
        long from = row * cols * Short.BYTES;
        for (long i = 0; i < cols; i++) {
            out.set(OUT, i * Float.BYTES, half(data, from + i * Short.BYTES));
        }
    }

    /** A bf16 is the upper half of an f32. */
    static void bf16(MemorySegment data, long row, int cols, MemorySegment out) {
        long from = row * cols * Short.BYTES;
        for (long i = 0; i < cols; i++) {
            int bits = data.get(LittleEndian.I16, from + i * Short.BYTES) << 16;
            out.set(OUT, i * Float.BYTES, Float.intBitsToFloat(bits));
        }
    }

    /** Blocks of 32: an f16 scale, 32 signed bytes. */
    static void q8(MemorySegment data, long row, int cols, MemorySegment out) {
        int weights = TensorType.Q8_0.blockWeights();
        long block = row * (cols / weights) * TensorType.Q8_0.blockBytes();
        for (int start = 0; start < cols; start += weights) {
            float scale = half(data, block);
            for (int i = 0; i < weights; i++) {
                put(out, start + i, data.get(LittleEndian.I8, block + Short.BYTES + i) * scale);
            }
            block += TensorType.Q8_0.blockBytes();
        }
    }

    /**
     * Blocks of 256: 128 bytes with the low four bits of each weight, 64 bytes with the high two, a signed scale for each
     * 16 weights, an f16 scale. Each half of a block, 128 weights, has its low bits in 64 bytes, first in the low, then in
     * the high half of each, and its high bits in 32.
     */
    static void q6(MemorySegment data, long row, int cols, MemorySegment out) {
        int weights = TensorType.Q6_K.blockWeights();
        long block = row * (cols / weights) * TensorType.Q6_K.blockBytes();
        for (int start = 0; start < cols; start += weights) {
            float scale = half(data, block + 208);
            for (int i = 0; i < weights; i++) {
                int half = i / 128;
                int within = i % 128;
                int low = data.get(LittleEndian.I8, block + 64L * half + within % 64) >> (within / 64 * 4) & 0xF;
                int high = data.get(LittleEndian.I8, block + 128 + 32L * half + within % 32) >> (within / 32 * 2) & 3;
                byte scaleOf16 = data.get(LittleEndian.I8, block + 192 + i / 16);
                put(out, start + i, scale * scaleOf16 * ((low | high << 4) - 32));
            }
            block += TensorType.Q6_K.blockBytes();
        }
    }

    /** Blocks of 64: an f16 scale, 16 bytes of four codes each; a code is worth itself less one. */
    static void q2(MemorySegment data, long row, int cols, MemorySegment out) {
        int weights = TensorType.Q2_0.blockWeights();
        long block = row * (cols / weights) * TensorType.Q2_0.blockBytes();
        for (int start = 0; start < cols; start += weights) {
            float scale = half(data, block);
            for (int i = 0; i < weights; i++) {
                int code = data.get(LittleEndian.I8, block + Short.BYTES + i / 4) >> (2 * (i % 4)) & 3;
                put(out, start + i, (code - 1) * scale);
            }
            block += TensorType.Q2_0.blockBytes();
        }
    }

    private static float half(MemorySegment data, long at) {
        return Float.float16ToFloat(data.get(LittleEndian.I16, at));
    }

    private static void put(MemorySegment out, int i, float value) {
        out.set(OUT, (long) i * Float.BYTES, value);
    }
}
