package io.qk256.spi;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A validated view of a matrix of 2-bit weights in {@linkplain Qk256 QK256 layout}. Immutable and
 * thread-safe; the memory must stay alive and unchanged while kernels use it.
 *
 * <p>Weight {@code (r, c)} is {@code codebook(code) * scale(r, c / 256)}, where the scale of a block
 * is {@code blockScales[r * blocks + c / 256] * tensorScale}, rounded once to f32; a matrix without
 * block scales has 1 in their place.
 *
 * <p>Shapes, strides, sizes, alignment and overflow are checked when the view is created, so a kernel can
 * rely on them.
 */
public final class Qk256Matrix {

    private final MemoryView codes;
    private final int rows;
    private final int cols;
    private final long rowStride;
    private final Codebook codebook;
    private final Optional<MemorySegment> blockScales;
    private final float tensorScale;
    private final boolean integer;
    private final @Nullable MemoryView scales;
    private final boolean offHeap;

    private Qk256Matrix(
            MemorySegment codes,
            int rows,
            int cols,
            long rowStride,
            Codebook codebook,
            Optional<MemorySegment> blockScales,
            float tensorScale) {
        Segments.requireAlive("codes", codes);
        this.codebook = Objects.requireNonNull(codebook, "codebook");
        if (rows < 0) {
            throw new IllegalArgumentException("rows: " + rows + ", expected 0 or more");
        }
        long rowBytes = Qk256.rowBytes(cols);
        if (rowStride < rowBytes) {
            throw new IllegalArgumentException("row stride: " + rowStride + " bytes, expected " + rowBytes
                    + " or more (" + cols + " columns are " + Qk256.blocks(cols) + " blocks of 64 bytes)");
        }
        requireCodes(codes, rows, rowStride, rowBytes);
        blockScales.ifPresent(segment -> requireScales(segment, rows, Qk256.blocks(cols)));
        this.codes = new MemoryView(codes);
        this.rows = rows;
        this.cols = cols;
        this.rowStride = rowStride;
        this.blockScales = blockScales;
        this.tensorScale = tensorScale;
        this.scales = blockScales.map(MemoryView::new).orElse(null);
        this.offHeap = this.codes.isOffHeap() && (scales == null || scales.isOffHeap());
        this.integer =
                codebook.supportsInt8() && (long) cols * 128 * (long) codebook.maxMagnitude() <= Integer.MAX_VALUE;
    }

    private static void requireScales(MemorySegment scales, int rows, int blocks) {
        Segments.requireFloats("block scales", scales);
        long needed = (long) rows * blocks * Float.BYTES;
        if (scales.byteSize() != needed) {
            throw new IllegalArgumentException("block scales: " + rows + " rows x " + blocks + " blocks x 4 bytes = "
                    + needed + " bytes expected, got " + scales.byteSize());
        }
    }

    private static void requireCodes(MemorySegment codes, int rows, long rowStride, long rowBytes) {
        if (rows == 0) {
            return;
        }
        long needed;
        try {
            needed = Math.addExact(Math.multiplyExact(rows - 1L, rowStride), rowBytes);
        } catch (ArithmeticException e) {
            throw new IllegalArgumentException(
                    "codes: " + rows + " rows x " + rowStride + " bytes do not fit in 63 bits", e);
        }
        if (codes.byteSize() < needed) {
            String shape = rowStride == rowBytes
                    ? rows + " rows x " + rowBytes + " bytes"
                    : (rows - 1) + " rows x " + rowStride + " bytes + " + rowBytes + " bytes";
            throw new IllegalArgumentException(
                    "codes: " + shape + " = " + needed + " bytes needed, got " + codes.byteSize());
        }
    }

    /**
     * Creates a matrix without scales whose rows are contiguous.
     *
     * @param codes the packed codes, any alignment; may be longer than needed
     * @param rows 0 or more
     * @param cols 1 or more
     * @param codebook the values of the codes
     * @throws IllegalArgumentException if the shape is invalid, overflows, or needs more bytes than the segment has
     * @throws IllegalStateException if the segment's arena is closed
     */
    public static Qk256Matrix of(MemorySegment codes, int rows, int cols, Codebook codebook) {
        return new Qk256Matrix(codes, rows, cols, Qk256.rowBytes(cols), codebook, Optional.empty(), 1);
    }

    /**
     * Returns the same matrix with another distance between the starts of its rows.
     *
     * @param bytes at least {@link Qk256#rowBytes}
     * @throws IllegalArgumentException if the stride is too small, or the segment too small for it
     */
    public Qk256Matrix withRowStride(long bytes) {
        return new Qk256Matrix(codes(), rows, cols, bytes, codebook, blockScales, tensorScale);
    }

    /**
     * Returns the same matrix with a scale for each block.
     *
     * @param scales {@code rows * blocks} f32 values, row by row, on a 4-byte boundary
     * @throws IllegalArgumentException if the segment is misaligned or its size does not match
     */
    public Qk256Matrix withBlockScales(MemorySegment scales) {
        Objects.requireNonNull(scales, "block scales");
        return new Qk256Matrix(codes(), rows, cols, rowStride, codebook, Optional.of(scales), tensorScale);
    }

    /**
     * Returns the same matrix with one scale for all weights.
     *
     * @param scale any value; NaN and infinities follow IEEE 754
     */
    public Qk256Matrix withTensorScale(float scale) {
        return new Qk256Matrix(codes(), rows, cols, rowStride, codebook, blockScales, scale);
    }

    /** The packed codes; row {@code r} starts at byte {@code r * rowStride()}. */
    public MemorySegment codes() {
        return codes.segment();
    }

    /** Whether codes and block scales are off the heap, where native code can reach them by address. */
    public boolean isOffHeap() {
        return offHeap;
    }

    /** The address of the first code if the codes are off the heap, otherwise its offset in bytes within the array. */
    public long codesAddress() {
        return codes.address();
    }

    /**
     * The address of a row's first code if the codes are off the heap, otherwise its offset in bytes within the array.
     *
     * @param row 0 to {@link #rows}; not checked, because nothing is read
     */
    public long codesAddress(int row) {
        return codes.address() + row * rowStride;
    }

    /** The address of the first block scale, or its offset on the heap; 0 if there are no block scales. */
    public long blockScalesAddress() {
        return scales == null ? 0 : scales.address();
    }

    /**
     * The address of a row's first block scale, or its offset on the heap; 0 if there are no block scales.
     *
     * @param row 0 to {@link #rows}; not checked, because nothing is read
     */
    public long blockScalesAddress(int row) {
        return scales == null ? 0 : scales.address() + (long) row * blocks() * Float.BYTES;
    }

    /** Checked before each operation: codes and block scales are readable, and the result does not overlap them. */
    void requireInputOf(MemoryView out, String outName) {
        codes.requireUsable("codes");
        out.requireDisjoint(outName, codes, "codes");
        if (scales != null) {
            scales.requireUsable("block scales");
            out.requireDisjoint(outName, scales, "block scales");
        }
    }

    /** The number of rows, 0 or more. */
    public int rows() {
        return rows;
    }

    /** The number of columns, 1 or more. */
    public int cols() {
        return cols;
    }

    /** The number of blocks in a row: {@code ceil(cols / 256)}. */
    public int blocks() {
        return Qk256.blocks(cols);
    }

    /** The number of bytes from the start of a row to the start of the next. */
    public long rowStride() {
        return rowStride;
    }

    /** The values of the codes. */
    public Codebook codebook() {
        return codebook;
    }

    /** Whether each block has its own scale; if not, all are 1. */
    public boolean hasBlockScales() {
        return scales != null;
    }

    /** One f32 per block, row by row; empty if all are 1. */
    public Optional<MemorySegment> blockScales() {
        return blockScales;
    }

    /** The scale of all weights. */
    public float tensorScale() {
        return tensorScale;
    }

    /**
     * Returns the block's own scale, 1 if the matrix has no block scales.
     *
     * @param row 0 to {@code rows - 1}
     * @param block 0 to {@code blocks - 1}
     * @throws IndexOutOfBoundsException if there is no such block
     */
    public float blockScale(int row, int block) {
        Objects.checkIndex(row, rows);
        Objects.checkIndex(block, blocks());
        return blockScales.isEmpty()
                ? 1
                : blockScales.get().getAtIndex(ValueLayout.JAVA_FLOAT, (long) row * blocks() + block);
    }

    /**
     * Returns the scale that multiplies a block's values: {@code blockScale * tensorScale} in f32.
     *
     * @param row 0 to {@code rows - 1}
     * @param block 0 to {@code blocks - 1}
     * @throws IndexOutOfBoundsException if there is no such block
     */
    public float scale(int row, int block) {
        float ofBlock = blockScale(row, block);
        return scales == null ? tensorScale : ofBlock * tensorScale;
    }

    /**
     * Whether the int8 operations are defined for this matrix: the codebook {@linkplain Codebook#supportsInt8() is
     * integer}, and {@code cols * 128 * max|value|} fits in int32.
     */
    public boolean supportsInt8() {
        return integer;
    }

    @Override
    public String toString() {
        return rows + "x" + cols + " QK256";
    }
}
