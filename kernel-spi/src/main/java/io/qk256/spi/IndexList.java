package io.qk256.spi;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;

/**
 * Numbers of matrix rows in ascending order: the rows that an operation is to use, while the others are not even read. The
 * memory is off the heap, and only this class writes to it, so every list is valid.
 *
 * <p>A list can be {@linkplain #clear cleared} and filled again, so one buffer serves every token. Whoever fills it must
 * finish, and publish it safely, before kernels read it; concurrent reads are safe.
 */
public final class IndexList extends MemoryView {

    private final MemorySegment values;
    private final int capacity;
    private int size;
    private int last = -1;

    private IndexList(MemorySegment values, int capacity) {
        super(values.asReadOnly());
        this.values = values;
        this.capacity = capacity;
    }

    /**
     * Allocates an empty list, on a 64-byte boundary.
     *
     * @param arena decides how long the memory lives and which threads may use it
     * @param capacity the maximum number of rows, 0 or more
     * @throws IllegalArgumentException if the capacity is negative
     * @throws IllegalStateException if the arena is closed
     * @throws OutOfMemoryError if there is not enough memory
     */
    public static IndexList allocate(Arena arena, int capacity) {
        if (capacity < 0) {
            throw new IllegalArgumentException("capacity: " + capacity + ", expected 0 or more");
        }
        return new IndexList(Segments.allocate(arena, (long) capacity * Integer.BYTES), capacity);
    }

    /** Removes all rows. */
    public void clear() {
        size = 0;
        last = -1;
    }

    /**
     * Appends a row.
     *
     * @param row above the last one
     * @throws IllegalArgumentException if it is not
     * @throws IllegalStateException if the list is full, or its arena closed
     */
    public void add(int row) {
        if (row <= last) {
            throw new IllegalArgumentException("row: " + row + ", expected " + (last + 1) + " or more (ascending)");
        }
        if (size == capacity) {
            throw new IllegalStateException("the list is full: it has room for " + capacity + " rows");
        }
        values.setAtIndex(ValueLayout.JAVA_INT, size, row);
        last = row;
        size++;
    }

    /**
     * Appends rows.
     *
     * @param rows ascending, the first above the last one of this list
     * @param count how many of the array, 0 or more
     * @throws IndexOutOfBoundsException if the array has fewer
     * @throws IllegalArgumentException if they are not ascending; nothing is added then
     * @throws IllegalStateException if the list has no room for them, or its arena is closed; nothing is added then
     */
    public void add(int[] rows, int count) {
        Objects.checkFromIndexSize(0, count, rows.length);
        if (count == 0) {
            return;
        }
        boolean ascending = rows[0] > last;
        for (int i = 1; i < count; i++) {
            ascending &= rows[i] > rows[i - 1];
        }
        if (!ascending) {
            throw new IllegalArgumentException("rows: they do not ascend from " + (last + 1));
        }
        if (count > capacity - size) {
            throw new IllegalStateException(
                    "the list has room for " + capacity + " rows, and " + (size + count) + " would be in it");
        }
        MemorySegment.copy(rows, 0, values, ValueLayout.JAVA_INT, (long) size * Integer.BYTES, count);
        last = rows[count - 1];
        size += count;
    }

    /** The number of rows in the list. */
    public int size() {
        return size;
    }

    /** The maximum number of rows. */
    public int capacity() {
        return capacity;
    }

    /**
     * Returns the row at a position.
     *
     * @param i 0 to {@code size - 1}
     * @throws IndexOutOfBoundsException if there is no such position
     */
    public int get(int i) {
        Objects.checkIndex(i, size);
        return values.getAtIndex(ValueLayout.JAVA_INT, i);
    }

    /** The number of listed rows below a given one: the position of the first that is not below. */
    public int position(int row) {
        if (row > last) {
            return size;
        }
        int from = 0;
        int to = size;
        while (from < to) {
            int middle = (from + to) >>> 1;
            if (get(middle) < row) {
                from = middle + 1;
            } else {
                to = middle;
            }
        }
        return from;
    }

    /** The address of a row number. */
    public long address(int i) {
        return address() + (long) i * Integer.BYTES;
    }

    /** Checked before each operation: all rows exist. */
    void requireWithin(String name, int rows) {
        if (last >= rows) {
            throw new IllegalArgumentException(
                    name + ": row " + last + ", expected rows below " + rows + " (rows of the matrix)");
        }
    }

    @Override
    public String toString() {
        return size + " rows" + (size == 0 ? "" : " up to " + last);
    }
}
