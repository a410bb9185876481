package io.qk256.spi;

import java.lang.foreign.MemorySegment;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A validated view of a matrix of 2-bit weights in {@linkplain Qk256 QK256 layout}. Immutable and
 * thread-safe; the memory must stay alive and unchanged while kernels use it.
 *
 * <p>Weights may share a scale in groups of 64, 128 or 256 columns, which start at column 0 of each row. Weight
 * {@code (r, c)} is {@code codebook(code) * scale(r, c / group)}, where the scale of a group is
 * {@code groupScales[r * groups + c / group] * tensorScale}, rounded once to f32; a matrix without group scales has 1
 * in their place.
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
    private final Optional<MemorySegment> groupScales;
    private final ScaleType scaleType;
    private final int group;
    private final int groups;
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
            Optional<MemorySegment> groupScales,
            int group,
            ScaleType scaleType,
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
        this.group = requireGroup(group);
        this.groups = (cols - 1) / group + 1;
        this.scaleType = Objects.requireNonNull(scaleType, "scale type");
        groupScales.ifPresent(segment -> requireScales(segment, rows, groups, scaleType));
        this.codes = new MemoryView(codes);
        this.rows = rows;
        this.cols = cols;
        this.rowStride = rowStride;
        this.groupScales = groupScales;
        this.tensorScale = tensorScale;
        this.scales = groupScales.map(MemoryView::new).orElse(null);
        this.offHeap = this.codes.isOffHeap() && (scales == null || scales.isOffHeap());
        this.integer =
                codebook.supportsInt8() && (long) cols * 128 * (long) codebook.maxMagnitude() <= Integer.MAX_VALUE;
    }

    private static int requireGroup(int group) {
        if (group != 64 && group != 128 && group != Qk256.BLOCK_WEIGHTS) {
            throw new IllegalArgumentException("group: " + group + " weights, expected 64, 128 or 256");
        }
        return group;
    }

    private static void requireScales(MemorySegment scales, int rows, int groups, ScaleType type) {
        Segments.requireAligned("group scales", scales, type.bytes(), type.label());
        long needed = (long) rows * groups * type.bytes();
        if (scales.byteSize() != needed) {
            throw new IllegalArgumentException("group scales: " + rows + " rows x " + groups + " groups x "
                    + type.bytes() + " bytes = " + needed + " bytes expected, got " + scales.byteSize());
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
        return new Qk256Matrix(
                codes,
                rows,
                cols,
                Qk256.rowBytes(cols),
                codebook,
                Optional.empty(),
                Qk256.BLOCK_WEIGHTS,
                ScaleType.F32,
                1);
    }

    /**
     * Returns the same matrix with another distance between the starts of its rows.
     *
     * @param bytes at least {@link Qk256#rowBytes}
     * @throws IllegalArgumentException if the stride is too small, or the segment too small for it
     */
    public Qk256Matrix withRowStride(long bytes) {
        return new Qk256Matrix(codes(), rows, cols, bytes, codebook, groupScales, group, scaleType, tensorScale);
    }

    /**
     * Returns the same matrix with a scale for each group of weights.
     *
     * @param scales {@code rows * ceil(cols / group)} values, row by row, in native byte order, on a boundary of their
     *     size
     * @param group the number of weights that share a scale: 64, 128 or 256
     * @param type the number format of the scales
     * @throws IllegalArgumentException if the group is none of these, or the segment is misaligned or its size does not
     *     match
     */
    public Qk256Matrix withGroupScales(MemorySegment scales, int group, ScaleType type) {
        Objects.requireNonNull(scales, "group scales");
        return new Qk256Matrix(codes(), rows, cols, rowStride, codebook, Optional.of(scales), group, type, tensorScale);
    }

    /**
     * Returns the same matrix with one scale for all weights.
     *
     * @param scale any value; NaN and infinities follow IEEE 754
     */
    public Qk256Matrix withTensorScale(float scale) {
        return new Qk256Matrix(codes(), rows, cols, rowStride, codebook, groupScales, group, scaleType, scale);
    }

    /** The packed codes; row {@code r} starts at byte {@code r * rowStride()}. */
    public MemorySegment codes() {
        return codes.segment();
    }

    /** Whether codes and group scales are off the heap, where native code can reach them by address. */
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

    /** The address of the first group scale, or its offset on the heap; 0 if there are no group scales. */
    public long groupScalesAddress() {
        return scales == null ? 0 : scales.address();
    }

    /**
     * The address of a row's first group scale, or its offset on the heap; 0 if there are no group scales.
     *
     * @param row 0 to {@link #rows}; not checked, because nothing is read
     */
    public long groupScalesAddress(int row) {
        return scales == null ? 0 : scales.address() + (long) row * groups * scaleType.bytes();
    }

    /** Checked before each operation: codes and group scales are readable, and the result does not overlap them. */
    void requireInputOf(MemoryView out, String outName) {
        codes.requireUsable("codes");
        out.requireDisjoint(outName, codes, "codes");
        if (scales != null) {
            scales.requireUsable("group scales");
            out.requireDisjoint(outName, scales, "group scales");
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

    /** Whether each group has its own scale; if not, all are 1. */
    public boolean hasGroupScales() {
        return scales != null;
    }

    /** The number of weights that share a scale: 64, 128 or 256; 256 if there are no group scales. */
    public int group() {
        return group;
    }

    /** The number of groups in a row: {@code ceil(cols / group)}. */
    public int groups() {
        return groups;
    }

    /** The number format of the group scales; f32 if there are none. */
    public ScaleType scaleType() {
        return scaleType;
    }

    /** One value for each group, row by row; empty if all are 1. */
    public Optional<MemorySegment> groupScales() {
        return groupScales;
    }

    /** The scale of all weights. */
    public float tensorScale() {
        return tensorScale;
    }

    /**
     * Returns the group's own scale, 1 if the matrix has no group scales.
     *
     * @param row 0 to {@code rows - 1}
     * @param index of the group in its row: 0 to {@code groups - 1}
     * @throws IndexOutOfBoundsException if there is no such group
     */
    public float groupScale(int row, int index) {
        Objects.checkIndex(row, rows);
        Objects.checkIndex(index, groups);
        return scales == null ? 1 : scaleType.get(scales.segment(), (long) row * groups + index);
    }

    /**
     * Returns the scale that multiplies a group's values: {@code groupScale * tensorScale} in f32.
     *
     * @param row 0 to {@code rows - 1}
     * @param index of the group in its row: 0 to {@code groups - 1}
     * @throws IndexOutOfBoundsException if there is no such group
     */
    public float scale(int row, int index) {
        float ofGroup = groupScale(row, index);
        return scales == null ? tensorScale : ofGroup * tensorScale;
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
