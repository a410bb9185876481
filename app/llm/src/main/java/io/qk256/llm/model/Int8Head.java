package io.qk256.llm.model;

import io.qk256.gguf.TensorType;
import io.qk256.gguf.layout.Q8Codec;
import io.qk256.spi.memory.HugePages;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.Supplier;

/**
 * The output head in 8 bits, half the size of f16, converted by {@link Int8Conversion}. The state stays f16, so only
 * the weights lose precision.
 */
final class Int8Head extends RowHead {

    private static final int GROUP = Reductions.LANES;

    /** Enough rows that copying takes little time, and few enough that they stay in the cache. */
    private static final int ROWS_AT_ONCE = 8;

    /** On a Zen 5, rows that start at multiples of this were read from memory at half the speed of others. */
    private static final long SLOW_START = 256;

    /** The offset of the first row instead: one cache line. */
    private static final long START = 64;

    private final Supplier<Reductions> reductions;
    private final int cols;
    private final MemorySegment codes;
    private final MemorySegment scales;
    private final ScratchPool<Scratch> scratch;

    /**
     * Creates an empty head, to be {@linkplain #fill filled}.
     *
     * @param arena allocates the codes and scales
     */
    Int8Head(Supplier<Reductions> reductions, int rows, int cols, Arena arena) {
        this.reductions = reductions;
        this.cols = cols;
        long bytes = (long) rows * cols;
        MemorySegment memory = HugePages.allocate(arena, bytes + SLOW_START);
        this.codes = memory.asSlice(Math.floorMod(START - memory.address(), SLOW_START), bytes);
        this.scales = HugePages.allocate(arena, (long) rows * cols / GROUP * Short.BYTES);
        this.scratch = new ScratchPool<>(() -> new Scratch(ROWS_AT_ONCE * cols / GROUP));
    }

    /**
     * Converts rows {@code [from, to)}; different threads may convert different rows at once. Q8_0 weights are copied
     * unchanged.
     */
    void fill(DenseMatrix weights, int from, int to) {
        if (weights.type() == TensorType.Q8_0) {
            int perRow = cols / GROUP;
            Q8Codec.takeApart(weights.data(), (long) from * perRow, (long) to * perRow, codes, scales);
        } else {
            convert(weights, from, to);
        }
    }

    private void convert(DenseMatrix weights, int from, int to) {
        DenseMatrix.Reader reader = weights.reader(ROWS_AT_ONCE);
        Int8Conversion conversion = new Int8Conversion(ROWS_AT_ONCE * cols);
        for (int row = from; row < to; row += ROWS_AT_ONCE) {
            int rows = Math.min(ROWS_AT_ONCE, to - row);
            int n = rows * cols;
            reader.read(row, rows);
            conversion.convert(reader.values, n);
            long at = (long) row * cols;
            MemorySegment.copy(conversion.codes, 0, codes, ValueLayout.JAVA_BYTE, at, n);
            MemorySegment.copy(
                    conversion.scales, 0, scales, ValueLayout.JAVA_SHORT, at / GROUP * Short.BYTES, n / GROUP);
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
        Reductions sums = reductions.get();
        Scratch mine = scratch.take();
        int groups = cols / GROUP;
        for (int first = from; first < to; first += ROWS_AT_ONCE) {
            int rows = Math.min(ROWS_AT_ONCE, to - first);
            long scalesAt = (long) first * groups * Short.BYTES;
            MemorySegment.copy(scales, ValueLayout.JAVA_SHORT, scalesAt, mine.halves, 0, rows * groups);
            Half.widen(mine.halves, 0, mine.scales, rows * groups);
            sums.dotsInt8(codes, (long) first * cols, mine.scales, x, logits, first, rows);
        }
        scratch.giveBack(mine);
    }

    @Override
    public String toString() {
        return "8 bits";
    }

    private static final class Scratch {

        final short[] halves;
        final float[] scales;

        Scratch(int groups) {
            halves = new short[groups];
            scales = new float[groups];
        }
    }
}
