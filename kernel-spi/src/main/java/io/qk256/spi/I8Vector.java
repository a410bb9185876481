package io.qk256.spi;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * Activations quantized to int8, with the scale that quantized them: {@code q = round(x * scale)}, so
 * {@code x ≈ q / scale}. This is BitNet's direction ({@code scale = 127 / max|x|}).
 *
 * <p>The scale can be {@linkplain #scale(float) set} again when the values are refilled, so one buffer
 * serves every token. Whoever fills the buffer must finish, and publish the values safely, before kernels
 * read it; concurrent reads are safe.
 */
public final class I8Vector extends MemoryView {

    private float scale;

    private I8Vector(MemorySegment segment, float scale) {
        super(segment);
        this.scale = requireScale(scale);
    }

    /** A column of a batch, with scale 1. */
    I8Vector(I8Batch batch, long from, long length) {
        super(batch, from, length);
        this.scale = 1;
    }

    /**
     * Returns a view of all bytes of a segment.
     *
     * @param segment the values, any alignment
     * @param scale finite and above 0
     * @throws IllegalArgumentException if the scale is not finite and positive
     * @throws IllegalStateException if the segment's arena is closed
     */
    public static I8Vector of(MemorySegment segment, float scale) {
        Segments.requireAlive("i8 vector", segment);
        return new I8Vector(segment, scale);
    }

    /** Returns a view of an array. */
    public static I8Vector of(byte[] values, float scale) {
        Objects.requireNonNull(values, "values");
        return new I8Vector(MemorySegment.ofArray(values), scale);
    }

    /**
     * Allocates off-heap memory, zeroed, on a 64-byte boundary, with scale 1.
     *
     * @param arena decides how long the memory lives and which threads may use it
     * @param length number of values, 0 or more
     * @throws IllegalArgumentException if the length is negative
     * @throws IllegalStateException if the arena is closed
     * @throws OutOfMemoryError if there is not enough memory
     */
    public static I8Vector allocate(Arena arena, long length) {
        if (length < 0) {
            throw new IllegalArgumentException("length: " + length + ", expected 0 or more");
        }
        return new I8Vector(Segments.allocate(arena, length), 1);
    }

    /** The number of values. */
    public long length() {
        return bytes();
    }

    /** The scale that quantized the values. */
    public float scale() {
        return scale;
    }

    /**
     * Sets the scale.
     *
     * @throws IllegalArgumentException if it is not finite and positive
     */
    public void scale(float newScale) {
        scale = requireScale(newScale);
    }

    private static float requireScale(float scale) {
        if (!(scale > 0) || Float.isInfinite(scale)) {
            throw new IllegalArgumentException("activation scale: " + scale + ", expected finite and above 0");
        }
        return scale;
    }

    @Override
    public String toString() {
        return "i8[" + length() + "] with scale " + scale;
    }
}
