package io.qk256.tck;

/** How a {@link Problem} is placed in memory. Immutable: the {@code with} methods return changed copies. */
final class Placement {

    static final Placement OFF_HEAP =
            in(MemoryKind.OFF_HEAP, MemoryKind.OFF_HEAP, MemoryKind.OFF_HEAP, MemoryKind.OFF_HEAP);
    static final Placement HEAP = in(MemoryKind.HEAP, MemoryKind.HEAP, MemoryKind.HEAP, MemoryKind.HEAP);

    private final MemoryKind codes;
    private final MemoryKind vectors;
    private final MemoryKind scales;
    private final MemoryKind result;
    private int byteOffset;
    private int floatOffset;
    private int resultOffset;
    private int rowGap;
    private int tail;
    private int beyond;
    private int padding;
    private boolean hostile;
    private float fill;

    private Placement(MemoryKind codes, MemoryKind vectors, MemoryKind scales, MemoryKind result) {
        this.codes = codes;
        this.vectors = vectors;
        this.scales = scales;
        this.result = result;
    }

    private Placement copy() {
        Placement copy = new Placement(codes, vectors, scales, result);
        copy.byteOffset = byteOffset;
        copy.floatOffset = floatOffset;
        copy.resultOffset = resultOffset;
        copy.rowGap = rowGap;
        copy.tail = tail;
        copy.beyond = beyond;
        copy.padding = padding;
        copy.hostile = hostile;
        copy.fill = fill;
        return copy;
    }

    static Placement in(MemoryKind codes, MemoryKind vectors, MemoryKind scales, MemoryKind result) {
        return new Placement(codes, vectors, scales, result);
    }

    /** Distances from a 64-byte boundary: codes and int8 values in bytes, f32 values in elements. */
    Placement withOffsets(int bytes, int floats) {
        return withOffsets(bytes, floats, floats);
    }

    /** The same, with a separate distance for the result. */
    Placement withOffsets(int bytes, int floats, int ofResult) {
        Placement changed = copy();
        changed.byteOffset = bytes;
        changed.floatOffset = floats;
        changed.resultOffset = ofResult;
        return changed;
    }

    /** Unused bytes between two rows of codes. */
    Placement withRowGap(int bytes) {
        Placement changed = copy();
        changed.rowGap = bytes;
        return changed;
    }

    /** Unused bytes after the last row of codes that belong to their memory segment. */
    Placement withTail(int bytes) {
        Placement changed = copy();
        changed.tail = bytes;
        return changed;
    }

    /** The number of values by which the vectors, each column of the batch and the result are longer than needed. */
    Placement withLongerVectors(int values) {
        Placement changed = copy();
        changed.beyond = values;
        return changed;
    }

    /**
     * The codes past the last column: 0 to 3 sets them all to that code, any other value is the seed of random
     * codes.
     */
    Placement withPadding(int codesOrSeed) {
        Placement changed = copy();
        changed.padding = codesOrSeed;
        return changed;
    }

    /** Memory around the operands, and gaps between rows, contain NaN and extreme values instead of zeros. */
    Placement amidHostileMemory() {
        Placement changed = copy();
        changed.hostile = true;
        return changed;
    }

    /** The initial value of every element of the result. */
    Placement withFill(float value) {
        Placement changed = copy();
        changed.fill = value;
        return changed;
    }

    /** Where the codes are. */
    MemoryKind codes() {
        return codes;
    }

    /** Where the activations are. */
    MemoryKind vectors() {
        return vectors;
    }

    /** Where the block scales are. */
    MemoryKind scales() {
        return scales;
    }

    /** Where the result is written. */
    MemoryKind result() {
        return result;
    }

    int byteOffset() {
        return byteOffset;
    }

    int floatOffset() {
        return floatOffset;
    }

    int resultOffset() {
        return resultOffset;
    }

    int rowGap() {
        return rowGap;
    }

    int tail() {
        return tail;
    }

    int beyond() {
        return beyond;
    }

    int padding() {
        return padding;
    }

    boolean hostile() {
        return hostile;
    }

    float fill() {
        return fill;
    }

    @Override
    public String toString() {
        boolean oneHome = codes == vectors && codes == scales && codes == result;
        return (oneHome
                        ? codes.toString()
                        : "codes " + codes + ", vectors " + vectors + ", scales " + scales + ", result " + result)
                + (byteOffset == 0 ? "" : ", bytes at +" + byteOffset)
                + (floatOffset == 0 ? "" : ", floats at +" + floatOffset)
                + (resultOffset == floatOffset ? "" : ", result at +" + resultOffset)
                + (rowGap == 0 ? "" : ", " + rowGap + " bytes between rows")
                + (tail == 0 ? "" : ", " + tail + " bytes after the last row")
                + (beyond == 0 ? "" : ", vectors longer by " + beyond)
                + (padding == 0 ? "" : ", padding " + padding)
                + (hostile ? ", hostile surroundings" : "")
                + (fill == 0 ? "" : ", result filled with " + fill);
    }
}
