package io.qk256.spi;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;

/**
 * A validated view of a matrix of 8-bit weights, for what models do not store in 2 bits, such as the output head.
 * Immutable and thread-safe; the memory must stay alive and unchanged while kernels use it.
 *
 * <p>The numbers are those of ggml's {@code Q8_0}: each 32 weights of a row have an f16 scale, and weight {@code (r, c)}
 * is {@code code * scale(r, c / 32)}, with an int8 code. Rows are interleaved, so that vectors compute
 * {@value #TILE_ROWS} rows at once and never add across lanes. With {@code groups = ceil(cols / 32)} and
 * {@code block = r / 16 * groups + c / 32}:
 *
 * <pre>
 *     code of (r, c)   byte  block * 512 + (c mod 32) / 4 * 64 + (r mod 16) * 4 + c mod 4   of the codes
 *     scale of (r, g)  f16   block * 16 + r mod 16                                          of the scales
 * </pre>
 *
 * <p>The last rows and columns are filled up to whole blocks, with codes and scales that mean nothing.
 */
public final class Q8Matrix {

    /** Rows that are interleaved. */
    public static final int TILE_ROWS = 16;

    /** Columns that share a scale. */
    public static final int GROUP = 32;

    /** Bytes of the codes of 16 rows and 32 columns. */
    public static final int BLOCK_BYTES = TILE_ROWS * GROUP;

    private static final int COLUMNS_TOGETHER = 4;

    private final MemoryView codes;
    private final MemoryView scales;
    private final int rows;
    private final int cols;
    private final int groups;

    private Q8Matrix(MemorySegment codes, MemorySegment scales, int rows, int cols) {
        Segments.requireAlive("codes", codes);
        Segments.requireAligned("scales", scales, Short.BYTES, "f16");
        long needed = codesBytes(rows, cols);
        if (codes.byteSize() < needed) {
            throw new IllegalArgumentException("codes: " + rows + " rows x " + cols + " columns in blocks of 16 x 32 = "
                    + needed + " bytes needed, got " + codes.byteSize());
        }
        if (scales.byteSize() < scalesBytes(rows, cols)) {
            throw new IllegalArgumentException(
                    "scales: " + rows + " rows x " + cols + " columns in blocks of 16 x 32 = " + scalesBytes(rows, cols)
                            + " bytes needed, got " + scales.byteSize());
        }
        this.codes = new MemoryView(codes);
        this.scales = new MemoryView(scales);
        this.rows = rows;
        this.cols = cols;
        this.groups = groups(cols);
    }

    /**
     * Creates a matrix.
     *
     * @param codes {@link #codesBytes} bytes or more, any alignment
     * @param scales {@link #scalesBytes} bytes or more: f16 in native byte order, on a 2-byte boundary
     * @param rows 0 or more
     * @param cols 1 or more
     * @throws IllegalArgumentException if the shape is invalid, a segment is too small, or the scales are misaligned
     * @throws IllegalStateException if a segment's arena is closed
     */
    public static Q8Matrix of(MemorySegment codes, MemorySegment scales, int rows, int cols) {
        return new Q8Matrix(codes, scales, rows, cols);
    }

    /**
     * Allocates off-heap memory for a matrix, zeroed, on 64-byte boundaries.
     *
     * @param arena decides how long the memory lives and which threads may use it
     * @throws IllegalArgumentException if the shape is invalid
     * @throws IllegalStateException if the arena is closed
     * @throws OutOfMemoryError if there is not enough memory
     */
    public static Q8Matrix allocate(Arena arena, int rows, int cols) {
        return new Q8Matrix(
                Segments.allocate(arena, codesBytes(rows, cols)),
                Segments.allocate(arena, scalesBytes(rows, cols)),
                rows,
                cols);
    }

    /**
     * Returns the bytes of the codes of a matrix.
     *
     * @throws IllegalArgumentException if the shape is invalid
     */
    public static long codesBytes(int rows, int cols) {
        return blocks(rows, cols) * BLOCK_BYTES;
    }

    /**
     * Returns the bytes of the scales of a matrix.
     *
     * @throws IllegalArgumentException if the shape is invalid
     */
    public static long scalesBytes(int rows, int cols) {
        return blocks(rows, cols) * TILE_ROWS * Short.BYTES;
    }

    private static long blocks(int rows, int cols) {
        if (rows < 0 || cols < 1) {
            throw new IllegalArgumentException(
                    "shape: " + rows + " rows x " + cols + " columns, expected 0 or more rows, 1 or more columns");
        }
        return Math.ceilDiv(rows, TILE_ROWS) * (long) groups(cols);
    }

    private static int groups(int cols) {
        return (cols - 1) / GROUP + 1;
    }

    /** Whether codes and scales are off the heap, where native code can reach them by address. */
    public boolean isOffHeap() {
        return codes.isOffHeap() && scales.isOffHeap();
    }

    /** The codes, block by block. */
    public MemorySegment codes() {
        return codes.segment();
    }

    /** The scales, block by block. */
    public MemorySegment scales() {
        return scales.segment();
    }

    /**
     * The address of the first code of a row's block if the codes are off the heap, otherwise its offset in bytes within
     * the array.
     *
     * @param row 0 to {@link #rows}; not checked, because nothing is read
     */
    public long codesAddress(int row) {
        return codes.address() + (long) (row / TILE_ROWS) * groups * BLOCK_BYTES;
    }

    /**
     * The address of the first scale of a row's block, or its offset on the heap.
     *
     * @param row 0 to {@link #rows}; not checked, because nothing is read
     */
    public long scalesAddress(int row) {
        return scales.address() + (long) (row / TILE_ROWS) * groups * TILE_ROWS * Short.BYTES;
    }

    /** The number of rows, 0 or more. */
    public int rows() {
        return rows;
    }

    /** The number of columns, 1 or more. */
    public int cols() {
        return cols;
    }

    /** The number of groups in a row: {@code ceil(cols / 32)}. */
    public int groups() {
        return groups;
    }

    /**
     * Returns where a code lies, in bytes from the start of the codes.
     *
     * @param row 0 to {@code rows - 1}
     * @param col 0 to {@code cols - 1}
     * @throws IndexOutOfBoundsException if there is no such weight
     */
    public long codeAt(int row, int col) {
        Objects.checkIndex(col, cols);
        int together = col % GROUP / COLUMNS_TOGETHER;
        int inBlock = (together * TILE_ROWS + row % TILE_ROWS) * COLUMNS_TOGETHER + col % COLUMNS_TOGETHER;
        return block(row, col / GROUP) * BLOCK_BYTES + inBlock;
    }

    /**
     * Returns where a scale lies, in bytes from the start of the scales.
     *
     * @param row 0 to {@code rows - 1}
     * @param group of the row: 0 to {@code groups - 1}
     * @throws IndexOutOfBoundsException if there is no such group
     */
    public long scaleAt(int row, int group) {
        return (block(row, group) * TILE_ROWS + row % TILE_ROWS) * Short.BYTES;
    }

    private long block(int row, int group) {
        Objects.checkIndex(row, rows);
        Objects.checkIndex(group, groups);
        return row / TILE_ROWS * (long) groups + group;
    }

    /**
     * Returns the code of a weight.
     *
     * @param row 0 to {@code rows - 1}
     * @param col 0 to {@code cols - 1}
     * @throws IndexOutOfBoundsException if there is no such weight
     */
    public byte code(int row, int col) {
        return codes.segment().get(ValueLayout.JAVA_BYTE, codeAt(row, col));
    }

    /**
     * Returns the scale of a group.
     *
     * @param row 0 to {@code rows - 1}
     * @param group of the row: 0 to {@code groups - 1}
     * @throws IndexOutOfBoundsException if there is no such group
     */
    public float scale(int row, int group) {
        return Float.float16ToFloat(scales.segment().get(ValueLayout.JAVA_SHORT, scaleAt(row, group)));
    }

    /** Checked before each operation: codes and scales are readable, and the result does not overlap them. */
    void requireInputOf(MemoryView out, String outName) {
        codes.requireUsable("codes");
        out.requireDisjoint(outName, codes, "codes");
        scales.requireUsable("scales");
        out.requireDisjoint(outName, scales, "scales");
    }

    @Override
    public String toString() {
        return rows + "x" + cols + " Q8";
    }
}
