package io.qk256.spi;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;

/**
 * A vector of f32 values in native byte order, on or off the heap. The view is immutable and
 * thread-safe; the values are mutable if their memory is.
 *
 * <p>Native kernels are fastest on off-heap memory. Values must start on a 4-byte boundary; a 64-byte
 * boundary is best ({@link #allocate} provides it).
 */
public final class F32Vector extends MemoryView {

    private static final long MAX_LENGTH = Long.MAX_VALUE / Float.BYTES;

    private final long length;

    private F32Vector(MemorySegment segment) {
        super(segment);
        this.length = bytes() / Float.BYTES;
    }

    private F32Vector(F32Vector whole, long from, long to) {
        super(whole, from * Float.BYTES, (to - from) * Float.BYTES);
        this.length = to - from;
    }

    /**
     * Returns a view of all values of a segment.
     *
     * @param segment a whole number of f32 values on a 4-byte boundary; a read-only segment can only be an input
     * @throws IllegalArgumentException if the size is not a multiple of 4, or the memory is not aligned
     * @throws IllegalStateException if the segment's arena is closed
     */
    public static F32Vector of(MemorySegment segment) {
        Segments.requireFloats("f32 vector", segment);
        return new F32Vector(segment);
    }

    /** Returns a view of an array; writes go to the array. */
    public static F32Vector of(float... values) {
        Objects.requireNonNull(values, "values");
        return new F32Vector(MemorySegment.ofArray(values));
    }

    /**
     * Allocates off-heap memory, zeroed, on a 64-byte boundary.
     *
     * @param arena decides how long the memory lives and which threads may use it
     * @param length number of values, 0 or more
     * @throws IllegalArgumentException if the length is negative, or its bytes do not fit in 63 bits
     * @throws IllegalStateException if the arena is closed
     * @throws OutOfMemoryError if there is not enough memory
     */
    public static F32Vector allocate(Arena arena, long length) {
        if (length < 0 || length > MAX_LENGTH) {
            throw new IllegalArgumentException("length: " + length + ", expected 0 to " + MAX_LENGTH);
        }
        return new F32Vector(Segments.allocate(arena, length * Float.BYTES));
    }

    /**
     * The address of a value if the values are off the heap, otherwise its offset in bytes within the array.
     *
     * @param i 0 to {@link #length}; not checked, because nothing is read
     */
    public long address(long i) {
        return address() + i * Float.BYTES;
    }

    /** The number of values. */
    public long length() {
        return length;
    }

    /**
     * Returns one value.
     *
     * @throws IndexOutOfBoundsException if {@code i} is not within {@code [0, length)}
     */
    public float get(long i) {
        return segment().getAtIndex(ValueLayout.JAVA_FLOAT, i);
    }

    /**
     * Sets one value.
     *
     * @throws IndexOutOfBoundsException if {@code i} is not within {@code [0, length)}
     */
    public void set(long i, float value) {
        segment().setAtIndex(ValueLayout.JAVA_FLOAT, i, value);
    }

    /**
     * Returns a view of some of the values.
     *
     * @param from first value
     * @param to one past the last value
     * @throws IndexOutOfBoundsException if the range does not lie within {@code [0, length)}
     */
    public F32Vector slice(long from, long to) {
        Objects.checkFromToIndex(from, to, length);
        return new F32Vector(this, from, to);
    }

    /** Returns a copy of the values. */
    public float[] toArray() {
        return segment().toArray(ValueLayout.JAVA_FLOAT);
    }

    @Override
    public String toString() {
        return "f32[" + length + "]";
    }
}
