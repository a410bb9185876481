package io.qk256.spi;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Objects;

/**
 * Several columns of int16 activations for one {@linkplain Kernel#gemm(Q8Matrix, I16Batch, int, int, F32Vector) GEMM} of
 * 8-bit weights, where eight bits would lose too much, as before an output head: {@code columns * length} values in native
 * byte order, column by column, and one scale per column, so {@code x ≈ q / scale}. A column may be longer than the matrix
 * is wide; values beyond its width are padding and are not read.
 *
 * <p>The scales can be {@linkplain #scale(int, float) set} again when the values are refilled, so one buffer serves every
 * batch. Whoever fills the buffer must finish, and publish the values safely, before kernels read it; concurrent reads are
 * safe.
 */
public final class I16Batch extends MemoryView {

    private static final long MAX_VALUES = Long.MAX_VALUE / Short.BYTES;

    private final long length;
    private final float[] scales;

    private I16Batch(MemorySegment segment, int columns, long length) {
        super(segment);
        this.length = length;
        this.scales = new float[columns];
        Arrays.fill(scales, 1);
    }

    /**
     * Returns a view of all values of a segment, with scale 1 for each column.
     *
     * @param segment the values, on a 2-byte boundary
     * @param columns 1 or more
     * @param length number of values in a column, 0 or more
     * @throws IllegalArgumentException if the shape is invalid or does not match the segment's size, or the memory is not
     *     aligned
     * @throws IllegalStateException if the segment's arena is closed
     */
    public static I16Batch of(MemorySegment segment, int columns, long length) {
        Segments.requireAligned("i16 matrix", segment, Short.BYTES, "int16");
        long needed = bytes(columns, length);
        if (segment.byteSize() != needed) {
            throw new IllegalArgumentException("i16 matrix: " + columns + " columns x " + length
                    + " values x 2 bytes = " + needed + " bytes expected, got " + segment.byteSize());
        }
        return new I16Batch(segment, columns, length);
    }

    /** Returns a view of an array, with scale 1 for each column. */
    public static I16Batch of(short[] values, int columns, long length) {
        Objects.requireNonNull(values, "values");
        return of(MemorySegment.ofArray(values), columns, length);
    }

    /**
     * Allocates off-heap memory, zeroed, on a 64-byte boundary, with scale 1 for each column.
     *
     * @param arena decides how long the memory lives and which threads may use it
     * @param columns 1 or more
     * @param length number of values in a column, 0 or more
     * @throws IllegalArgumentException if a number is too small, or the bytes do not fit in 63 bits
     * @throws IllegalStateException if the arena is closed
     * @throws OutOfMemoryError if there is not enough memory
     */
    public static I16Batch allocate(Arena arena, int columns, long length) {
        return new I16Batch(Segments.allocate(arena, bytes(columns, length)), columns, length);
    }

    private static long bytes(int columns, long length) {
        if (columns < 1) {
            throw new IllegalArgumentException("columns: " + columns + ", expected 1 or more");
        }
        if (length < 0 || length > MAX_VALUES / columns) {
            throw new IllegalArgumentException("length: " + length + ", expected 0 to " + MAX_VALUES / columns);
        }
        return columns * length * Short.BYTES;
    }

    /**
     * The address of a column's first value if the values are off the heap, otherwise its offset in bytes within the
     * array.
     *
     * @param i 0 to {@link #columns}; not checked, because nothing is read
     */
    public long address(int i) {
        return address() + i * length * Short.BYTES;
    }

    /** The number of columns, 1 or more. */
    public int columns() {
        return scales.length;
    }

    /** The number of values in a column. */
    public long length() {
        return length;
    }

    /**
     * Copies values of a column to an array.
     *
     * @param i the column
     * @param from the first value
     * @param to receives {@code count} values from its index 0
     * @param count 0 or more
     * @throws IndexOutOfBoundsException if the column has no such values, or the array is too short
     */
    public void copy(int i, long from, short[] to, int count) {
        Objects.checkIndex(i, scales.length);
        Objects.checkFromIndexSize(from, count, length);
        MemorySegment.copy(segment(), ValueLayout.JAVA_SHORT, (i * length + from) * Short.BYTES, to, 0, count);
    }

    /**
     * The scale that quantized a column.
     *
     * @throws IndexOutOfBoundsException if {@code i} is not within {@code [0, columns)}
     */
    public float scale(int i) {
        return scales[Objects.checkIndex(i, scales.length)];
    }

    /**
     * Sets the scale of a column.
     *
     * @throws IllegalArgumentException if it is not finite and positive
     * @throws IndexOutOfBoundsException if {@code i} is not within {@code [0, columns)}
     */
    public void scale(int i, float scale) {
        Objects.checkIndex(i, scales.length);
        scales[i] = I8Vector.requireScale(scale);
    }

    /** Checked before each operation: the input is readable, and the result does not overlap it. */
    void requireInputOf(MemoryView out) {
        requireUsable("x");
        out.requireDisjoint("y", this, "x");
    }

    @Override
    public String toString() {
        return "i16[" + scales.length + " columns x " + length + "]";
    }
}
