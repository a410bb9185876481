package io.qk256.spi;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Several columns of int8 activations for one {@linkplain Kernel#gemm GEMM}, such as the tokens of a
 * prompt: {@code columns * length} values, column by column, and one scale per column. A column may be longer
 * than the matrix is wide; values beyond its width are padding and are not read.
 *
 * <p>Column {@code i} starts at byte {@code i * length()} of the memory.
 *
 * <p>The scales can be {@linkplain I8Vector#scale(float) set} again when the values are refilled, so
 * one buffer serves every batch. Whoever fills the buffer must finish, and publish the values safely, before
 * kernels read it; concurrent reads are safe.
 */
public final class I8Batch extends MemoryView {

    private final long length;
    private final @Nullable MemoryView multipliers;
    private final I8Vector[] columns;

    private I8Batch(MemorySegment segment, @Nullable MemorySegment multipliers, int columns, long length) {
        super(segment);
        this.length = length;
        this.multipliers = multipliers == null ? null : I8Vector.multipliers(multipliers, length, columns);
        this.columns = new I8Vector[columns];
        for (int i = 0; i < columns; i++) {
            this.columns[i] = new I8Vector(this, this.multipliers, i, length);
        }
    }

    /**
     * Returns a view of all bytes of a segment, with scale 1 for each column.
     *
     * @param segment the values, any alignment
     * @param columns 1 or more
     * @param length number of values in a column, 0 or more
     * @throws IllegalArgumentException if the shape is invalid or does not match the segment's size
     * @throws IllegalStateException if the segment's arena is closed
     */
    public static I8Batch of(MemorySegment segment, int columns, long length) {
        return new I8Batch(requireSize(segment, columns, length), null, columns, length);
    }

    /**
     * Returns a view of all bytes of a segment, quantized in groups of 32, with scale 1 for each column.
     *
     * @param segment the values, any alignment
     * @param multipliers {@code ceil(length / 32)} for each column, column by column; otherwise as for
     *     {@link I8Vector#inGroups}
     * @param columns 1 or more
     * @param length number of values in a column, 0 or more
     * @throws IllegalArgumentException if the shape is invalid or does not match a segment's size
     * @throws IllegalStateException if a segment's arena is closed
     */
    public static I8Batch inGroups(MemorySegment segment, MemorySegment multipliers, int columns, long length) {
        Objects.requireNonNull(multipliers, "multipliers");
        return new I8Batch(requireSize(segment, columns, length), multipliers, columns, length);
    }

    private static MemorySegment requireSize(MemorySegment segment, int columns, long length) {
        Segments.requireAlive("i8 matrix", segment);
        long needed = bytes(columns, length);
        if (segment.byteSize() != needed) {
            throw new IllegalArgumentException("i8 matrix: " + columns + " columns x " + length + " values = " + needed
                    + " bytes expected, got " + segment.byteSize());
        }
        return segment;
    }

    /** Returns a view of an array, with scale 1 for each column. */
    public static I8Batch of(byte[] values, int columns, long length) {
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
    public static I8Batch allocate(Arena arena, int columns, long length) {
        return new I8Batch(Segments.allocate(arena, bytes(columns, length)), null, columns, length);
    }

    /**
     * {@linkplain #allocate(Arena, int, long) Allocates} values and the multipliers of their groups of 32, all 0.
     *
     * @param arena decides how long the memory lives and which threads may use it
     * @param columns 1 or more
     * @param length number of values in a column, 0 or more
     * @throws IllegalArgumentException if a number is too small, or the bytes do not fit in 63 bits
     * @throws IllegalStateException if the arena is closed
     * @throws OutOfMemoryError if there is not enough memory
     */
    public static I8Batch allocateInGroups(Arena arena, int columns, long length) {
        MemorySegment values = Segments.allocate(arena, bytes(columns, length));
        MemorySegment multipliers = Segments.allocate(arena, columns * I8Vector.groups(length) * Short.BYTES);
        return new I8Batch(values, multipliers, columns, length);
    }

    private static long bytes(int columns, long length) {
        if (columns < 1) {
            throw new IllegalArgumentException("columns: " + columns + ", expected 1 or more");
        }
        if (length < 0 || length > Long.MAX_VALUE / columns) {
            throw new IllegalArgumentException("length: " + length + ", expected 0 to " + Long.MAX_VALUE / columns);
        }
        return columns * length;
    }

    /**
     * The address of a column's first value if the values are off the heap, otherwise its offset in bytes within the
     * array.
     *
     * @param i 0 to {@link #columns}; not checked, because nothing is read
     */
    public long address(int i) {
        return address() + i * length;
    }

    /** Whether each group of 32 values of a column has a multiplier; if not, all are 1. */
    public boolean hasMultipliers() {
        return multipliers != null;
    }

    /** The multipliers, column by column; empty if all are 1. */
    public Optional<MemorySegment> multipliers() {
        return multipliers == null ? Optional.empty() : Optional.of(multipliers.segment());
    }

    /** Whether values and multipliers are off the heap, where native code can reach them by address. */
    public boolean isAllOffHeap() {
        return isOffHeap() && (multipliers == null || multipliers.isOffHeap());
    }

    /** Checked before each operation: the inputs are readable, and the result does not overlap them. */
    void requireInputOf(MemoryView out) {
        I8Vector.requireInputOf(out, this, multipliers);
    }

    /** The number of columns, 1 or more. */
    public int columns() {
        return columns.length;
    }

    /** The number of values in a column. */
    public long length() {
        return length;
    }

    /**
     * Returns a column: the same object at every call, so that its scale can be set.
     *
     * @throws IndexOutOfBoundsException if {@code i} is not within {@code [0, columns)}
     */
    public I8Vector column(int i) {
        return columns[Objects.checkIndex(i, columns.length)];
    }

    @Override
    public String toString() {
        return "i8[" + columns.length + " columns x " + length + "]";
    }
}
