package io.qk256.llm.model;

import io.qk256.gguf.TensorType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Encodes rows of numbers as ggml's types in a simple way, and returns the numbers that are then stored. */
final class EmbeddingEncoder {

    private static final int Q8_GROUP = 32;
    private static final int Q2_GROUP = 64;
    private static final int Q6_BLOCK = 256;
    private static final int Q6_GROUP = 16;

    private final ByteBuffer bytes;
    private final float[] stored;

    private EmbeddingEncoder(TensorType type, float[] values) {
        bytes = ByteBuffer.allocate(values.length / type.blockWeights() * type.blockBytes())
                .order(ByteOrder.LITTLE_ENDIAN);
        stored = new float[values.length];
        for (int at = 0; at < values.length; at += type.blockWeights()) {
            switch (type) {
                case F32 -> f32(values[at], at);
                case F16 -> f16(values[at], at);
                case BF16 -> bf16(values[at], at);
                case Q8_0 -> q8(values, at);
                case Q6_K -> q6(values, at);
                case Q4_0 -> q4(values, at);
                case Q2_0 -> q2(values, at);
                default -> throw new IllegalArgumentException(type.label());
            }
        }
    }

    static EmbeddingEncoder of(TensorType type, float[] values) {
        return new EmbeddingEncoder(type, values);
    }

    byte[] bytes() {
        return bytes.array();
    }

    float[] stored() {
        return stored;
    }

    private void f32(float value, int at) {
        bytes.putFloat(value);
        stored[at] = value;
    }

    private void f16(float value, int at) {
        bytes.putShort(Float.floatToFloat16(value));
        stored[at] = Float.float16ToFloat(Float.floatToFloat16(value));
    }

    /** Rounds half away from zero; any rounding would do here. */
    private void bf16(float value, int at) {
        int upper = (Float.floatToRawIntBits(value) + 0x8000) >>> 16;
        bytes.putShort((short) upper);
        stored[at] = Float.intBitsToFloat(upper << 16);
    }

    private void q8(float[] values, int at) {
        short half = Float.floatToFloat16(absMax(values, at, Q8_GROUP) / 127);
        float scale = Float.float16ToFloat(half);
        bytes.putShort(half);
        for (int i = at; i < at + Q8_GROUP; i++) {
            byte code = (byte) nearest(values[i], scale, -127, 127);
            bytes.put(code);
            stored[i] = code * scale;
        }
    }

    /** The first 16 codes are in the low halves of the bytes; a code minus 8 is a multiple of the scale. */
    private void q4(float[] values, int at) {
        short half = Float.floatToFloat16(absMax(values, at, Q8_GROUP) / 7);
        float scale = Float.float16ToFloat(half);
        byte[] codes = new byte[Q8_GROUP / 2];
        for (int i = 0; i < Q8_GROUP; i++) {
            int code = nearest(values[at + i], scale, -8, 7);
            codes[i % 16] |= (byte) ((code + 8) << (i / 16 * 4));
            stored[at + i] = code * scale;
        }
        bytes.putShort(half).put(codes);
    }

    /** Four codes in a byte, the first in the lowest bits; a code minus 1 is a multiple of the scale. */
    private void q2(float[] values, int at) {
        short half = Float.floatToFloat16(absMax(values, at, Q2_GROUP) / 2);
        float scale = Float.float16ToFloat(half);
        byte[] codes = new byte[Q2_GROUP / 4];
        for (int i = 0; i < Q2_GROUP; i++) {
            int code = nearest(values[at + i], scale, -1, 2);
            codes[i / 4] |= (byte) ((code + 1) << (i % 4 * 2));
            stored[at + i] = code * scale;
        }
        bytes.putShort(half).put(codes);
    }

    /** Each group of 16 weights has an 8-bit scale; weights are 0 to 63, minus 32. */
    private void q6(float[] values, int at) {
        short half = Float.floatToFloat16(absMax(values, at, Q6_BLOCK) / 31 / 127);
        float scale = Float.float16ToFloat(half);
        byte[] low = new byte[Q6_BLOCK / 2];
        byte[] high = new byte[Q6_BLOCK / 4];
        byte[] scales = new byte[Q6_BLOCK / Q6_GROUP];
        for (int i = 0; i < Q6_BLOCK; i++) {
            int group = i / Q6_GROUP;
            if (i % Q6_GROUP == 0) {
                scales[group] = (byte) nearest(absMax(values, at + i, Q6_GROUP) / 31, scale, -128, 127);
            }
            int code = nearest(values[at + i], scale * scales[group], -32, 31);
            stored[at + i] = scale * scales[group] * code;
            int half128 = i / 128;
            int within = i % 128;
            low[64 * half128 + within % 64] |= (byte) (((code + 32) & 0xF) << (within / 64 * 4));
            high[32 * half128 + within % 32] |= (byte) ((code + 32) >> 4 << (within / 32 * 2));
        }
        bytes.put(low).put(high).put(scales).putShort(half);
    }

    private static int nearest(float value, float scale, int least, int most) {
        return scale == 0 ? 0 : (int) Math.clamp(Math.rint((double) value / scale), least, most);
    }

    private static float absMax(float[] values, int at, int n) {
        float max = 0;
        for (int i = at; i < at + n; i++) {
            max = Math.max(max, Math.abs(values[i]));
        }
        return max;
    }
}
