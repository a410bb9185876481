package io.qk256.spi;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Activations quantized to int8, with the scale that quantized them: {@code q = round(x * scale)}, so
 * {@code x ≈ q / scale}. This is BitNet's direction ({@code scale = 127 / max|x|}).
 *
 * <p>Activations may be quantized in groups of 32, for models whose largest values are far above the others: each
 * group has a multiplier from 0 to 32767, and {@code x[i] ≈ q[i] * multiplier[i / 32] / scale}. Multipliers are
 * integers so that sums stay exact.
 *
 * <p>The scale can be {@linkplain #scale(float) set} again when the values are refilled, so one buffer
 * serves every token. Whoever fills the buffer must finish, and publish the values safely, before kernels
 * read it; concurrent reads are safe.
 */
public final class I8Vector extends MemoryView {

    /** Values in a group that shares a multiplier. */
    public static final int GROUP = 32;

    private final @Nullable MemoryView multipliers;
    private float scale;

    private I8Vector(MemorySegment segment, @Nullable MemorySegment multipliers, float scale) {
        super(segment);
        this.multipliers = multipliers == null ? null : multipliers(multipliers, segment.byteSize(), 1);
        this.scale = requireScale(scale);
    }

    /** A column of a batch, with scale 1. */
    I8Vector(I8Batch batch, @Nullable MemoryView multipliers, int column, long length) {
        super(batch, column * length, length);
        long bytes = groups(length) * Short.BYTES;
        this.multipliers = multipliers == null ? null : new MemoryView(multipliers, column * bytes, bytes);
        this.scale = 1;
    }

    /** A view of the multipliers of some columns, once they are checked. */
    static MemoryView multipliers(MemorySegment segment, long length, int columns) {
        Segments.requireAligned("multipliers", segment, Short.BYTES, "int16");
        long needed = columns * groups(length) * Short.BYTES;
        if (segment.byteSize() != needed) {
            throw new IllegalArgumentException("multipliers: " + columns + " columns x " + groups(length)
                    + " groups of 32 values x 2 bytes = " + needed + " bytes expected, got " + segment.byteSize());
        }
        return new MemoryView(segment);
    }

    static long groups(long length) {
        return Math.ceilDiv(length, GROUP);
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
        return new I8Vector(segment, null, scale);
    }

    /**
     * Returns a view of all bytes of a segment, quantized in groups of 32.
     *
     * @param segment the values, any alignment
     * @param multipliers one int16 from 0 to 32767 for each group, in native byte order, on a 2-byte boundary; kernels
     *     do not check them, and other numbers give unspecified results
     * @param scale finite and above 0
     * @throws IllegalArgumentException if the scale is not finite and positive, or the multipliers are misaligned or
     *     their number does not match
     * @throws IllegalStateException if a segment's arena is closed
     */
    public static I8Vector inGroups(MemorySegment segment, MemorySegment multipliers, float scale) {
        Segments.requireAlive("i8 vector", segment);
        return new I8Vector(segment, Objects.requireNonNull(multipliers, "multipliers"), scale);
    }

    /** Returns a view of an array. */
    public static I8Vector of(byte[] values, float scale) {
        Objects.requireNonNull(values, "values");
        return new I8Vector(MemorySegment.ofArray(values), null, scale);
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
        return new I8Vector(Segments.allocate(arena, requireLength(length)), null, 1);
    }

    /**
     * {@linkplain #allocate(Arena, long) Allocates} values and the multipliers of their groups of 32, all 0.
     *
     * @param arena decides how long the memory lives and which threads may use it
     * @param length number of values, 0 or more
     * @throws IllegalArgumentException if the length is negative
     * @throws IllegalStateException if the arena is closed
     * @throws OutOfMemoryError if there is not enough memory
     */
    public static I8Vector allocateInGroups(Arena arena, long length) {
        MemorySegment values = Segments.allocate(arena, requireLength(length));
        return new I8Vector(values, Segments.allocate(arena, groups(length) * Short.BYTES), 1);
    }

    private static long requireLength(long length) {
        if (length < 0) {
            throw new IllegalArgumentException("length: " + length + ", expected 0 or more");
        }
        return length;
    }

    /** The number of values. */
    public long length() {
        return bytes();
    }

    /** Whether each group of 32 values has a multiplier; if not, all are 1. */
    public boolean hasMultipliers() {
        return multipliers != null;
    }

    /** One int16 for each group of 32 values; empty if all are 1. */
    public Optional<MemorySegment> multipliers() {
        return multipliers == null ? Optional.empty() : Optional.of(multipliers.segment());
    }

    /** The address of the first multiplier, or its offset on the heap; 0 if there are no multipliers. */
    public long multipliersAddress() {
        return multipliers == null ? 0 : multipliers.address();
    }

    /**
     * Returns the multiplier of a group, 1 if there are no multipliers.
     *
     * @param group 0 to {@code ceil(length / 32) - 1}
     * @throws IndexOutOfBoundsException if there is no such group
     */
    public int multiplier(long group) {
        Objects.checkIndex(group, groups(length()));
        return multipliers == null ? 1 : multipliers.segment().getAtIndex(ValueLayout.JAVA_SHORT, group);
    }

    /** Whether values and multipliers are off the heap, where native code can reach them by address. */
    public boolean isAllOffHeap() {
        return isOffHeap() && (multipliers == null || multipliers.isOffHeap());
    }

    /** Checked before each operation: the inputs are readable, and the result does not overlap them. */
    void requireInputOf(MemoryView out) {
        requireInputOf(out, this, multipliers);
    }

    static void requireInputOf(MemoryView out, MemoryView values, @Nullable MemoryView multipliers) {
        values.requireUsable("x");
        out.requireDisjoint("y", values, "x");
        if (multipliers != null) {
            multipliers.requireUsable("multipliers");
            out.requireDisjoint("y", multipliers, "multipliers");
        }
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

    static float requireScale(float scale) {
        if (!(scale > 0) || Float.isInfinite(scale)) {
            throw new IllegalArgumentException("activation scale: " + scale + ", expected finite and above 0");
        }
        return scale;
    }

    @Override
    public String toString() {
        return "i8[" + length() + "] with scale " + scale + (multipliers == null ? "" : " in groups of 32");
    }
}
