package io.qk256.spi;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** The number format of the scales of groups of weights. Every f16 is an f32, so converting one is exact. */
public enum ScaleType {

    /** IEEE 754 binary32. */
    F32(Float.BYTES),

    /** IEEE 754 binary16, as many model files store them. */
    F16(Short.BYTES);

    private final int bytes;

    ScaleType(int bytes) {
        this.bytes = bytes;
    }

    /** The name in tables and messages: the constant's name in lower case. */
    public String label() {
        return name().toLowerCase(java.util.Locale.ROOT);
    }

    /** The number of bytes of a scale. */
    public int bytes() {
        return bytes;
    }

    /**
     * Reads one scale.
     *
     * @param scales scales of this type in native byte order
     * @param index of the scale
     * @throws IndexOutOfBoundsException if there is no such scale
     */
    public float get(MemorySegment scales, long index) {
        return this == F32
                ? scales.getAtIndex(ValueLayout.JAVA_FLOAT, index)
                : Float.float16ToFloat(scales.getAtIndex(ValueLayout.JAVA_SHORT, index));
    }
}
