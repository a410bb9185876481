package io.qk256.app.model;

import io.qk256.app.files.TensorType;
import io.qk256.spi.HugePages;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * The head in 8 bits, half the bytes of f16: for each 32 weights of a row {@code scale = max |w| / 127}, rounded to f16, and
 * {@code q = round(w / scale)}, as in ggml's Q8_0. The state stays f16, so only the weights are less exact.
 */
final class Int8Head extends OutputHead {

    private static final int GROUP = Reductions.LANES;
    private static final float LARGEST_CODE = 127;
    private static final ValueLayout.OfShort STORED_SCALE =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** Adding it and taking it away rounds half to even. */
    private static final float ROUNDER = 0x1.8p23f;

    private final Reductions reductions;
    private final int cols;
    private final MemorySegment codes;
    private final MemorySegment scales;
    private final ThreadLocal<Scratch> scratch;

    /**
     * An empty head, to be {@linkplain #fill filled}.
     *
     * @param arena receives the codes and scales
     */
    Int8Head(Reductions reductions, int rows, int cols, Arena arena) {
        this.reductions = reductions;
        this.cols = cols;
        this.codes = HugePages.allocate(arena, (long) rows * cols);
        this.scales = HugePages.allocate(arena, (long) rows * cols / GROUP * Short.BYTES);
        this.scratch = ThreadLocal.withInitial(() -> new Scratch(cols));
    }

    /**
     * Converts the rows {@code [from, to)}; different rows may be converted by different threads at once. Weights of Q8_0 are taken
     * as they are.
     */
    void fill(DenseMatrix weights, int from, int to) {
        if (weights.type() == TensorType.Q8_0) {
            takeApart(weights.data(), from, to);
        } else {
            convert(weights, from, to);
        }
    }

    /** A block of Q8_0 is an f16 scale and 32 codes. */
    private void takeApart(MemorySegment blocks, int from, int to) {
        long blockBytes = TensorType.Q8_0.blockBytes();
        int perRow = cols / GROUP;
        for (long block = (long) from * perRow; block < (long) to * perRow; block++) {
            scales.set(ValueLayout.JAVA_SHORT, block * Short.BYTES, blocks.get(STORED_SCALE, block * blockBytes));
            MemorySegment.copy(blocks, block * blockBytes + Short.BYTES, codes, block * GROUP, GROUP);
        }
    }

    private void convert(DenseMatrix weights, int from, int to) {
        DenseMatrix.Reader reader = weights.reader();
        Scratch mine = new Scratch(cols);
        for (int row = from; row < to; row++) {
            reader.read(row);
            quantize(reader.row, mine);
            MemorySegment.copy(mine.codes, 0, codes, ValueLayout.JAVA_BYTE, (long) row * cols, cols);
            long scalesAt = (long) row * mine.halves.length * Short.BYTES;
            MemorySegment.copy(mine.halves, 0, scales, ValueLayout.JAVA_SHORT, scalesAt, mine.halves.length);
        }
    }

    /** Leaves the scaled values in the row. All are rounded together: only a long loop becomes vector code. */
    private void quantize(float[] row, Scratch to) {
        for (int group = 0; group < to.halves.length; group++) {
            int at = group * GROUP;
            float max = reductions.absMax(row, at, GROUP);
            short half = Float.floatToFloat16(max / LARGEST_CODE);
            float scale = Float.float16ToFloat(half);
            float inverse = scale == 0 ? 0 : 1 / scale;
            to.halves[group] = half;
            for (int i = at; i < at + GROUP; i++) {
                row[i] *= inverse;
            }
            if (max * inverse > LARGEST_CODE) {
                limit(row, at);
            }
        }
        for (int i = 0; i < to.codes.length; i++) {
            to.codes[i] = (byte) (int) (row[i] + ROUNDER - ROUNDER);
        }
    }

    /** A scale that was rounded down, by much if it is subnormal, makes codes too large. */
    private static void limit(float[] row, int at) {
        for (int i = at; i < at + GROUP; i++) {
            row[i] = Math.clamp(row[i], -LARGEST_CODE, LARGEST_CODE);
        }
    }

    @Override
    boolean roundsToHalf() {
        return true;
    }

    @Override
    long bytes() {
        return codes.byteSize() + scales.byteSize();
    }

    @Override
    void rows(float[] x, float[] logits, int from, int to) {
        Scratch mine = scratch.get();
        int groups = mine.halves.length;
        for (int row = from; row < to; row++) {
            MemorySegment.copy(
                    scales, ValueLayout.JAVA_SHORT, (long) row * groups * Short.BYTES, mine.halves, 0, groups);
            Half.widen(mine.halves, 0, mine.scales, groups);
            logits[row] = reductions.dotInt8(codes, (long) row * cols, mine.scales, x, cols);
        }
    }

    @Override
    public String toString() {
        return "8 bits";
    }

    private static final class Scratch {

        final byte[] codes;
        final short[] halves;
        final float[] scales;

        Scratch(int cols) {
            codes = new byte[cols];
            halves = new short[cols / GROUP];
            scales = new float[cols / GROUP];
        }
    }
}
