package io.qk256.avx2.vector;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import io.qk256.spi.F32Vector;
import io.qk256.spi.Qk256;
import io.qk256.spi.Qk256Matrix;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * The f32 product: shifts a vector of packed codes right by two bits at a time, looks the low codes of the lanes up, and
 * multiplies them with the {@linkplain Scratch reordered} input.
 */
final class GemvF32 {

    private static final int LANES = Lanes.INTS.length();

    private GemvF32() {}

    static void rows(Qk256Matrix w, Scratch scratch, float[] x, int fromRow, int toRow, F32Vector y) {
        IntVector table = Lanes.table(w.codebook());
        int blocks = w.blocks();
        MemorySegment scales = scratch.scales(w, fromRow, toRow);
        for (int row = fromRow; row < toRow; row++) {
            MemorySegment codes = scratch.codes(w, row);
            long offset = scratch.offset(w, row);
            FloatVector sum = w.blockScales().isEmpty()
                    ? row(codes, offset, blocks, table, x)
                    : scaledRow(codes, offset, blocks, table, x, scales, (long) (row - fromRow) * blocks);
            y.set(row, Lanes.sum(sum) * w.tensorScale());
        }
    }

    private static FloatVector row(MemorySegment anyCodes, long offset, int blocks, IntVector table, float[] x) {
        MemorySegment codes = NativeMemory.exact(anyCodes);
        FloatVector sum = FloatVector.zero(Lanes.FLOATS);
        for (int block = 0; block < blocks; block++) {
            sum = sum.add(block(codes, offset, block, table, x));
        }
        return sum;
    }

    private static FloatVector scaledRow(
            MemorySegment anyCodes,
            long offset,
            int blocks,
            IntVector table,
            float[] x,
            MemorySegment anyScales,
            long firstScale) {
        MemorySegment codes = NativeMemory.exact(anyCodes);
        MemorySegment scales = NativeMemory.exact(anyScales);
        FloatVector sum = FloatVector.zero(Lanes.FLOATS);
        for (int block = 0; block < blocks; block++) {
            float scale = scales.getAtIndex(JAVA_FLOAT, firstScale + block);
            sum = sum.add(block(codes, offset, block, table, x).mul(scale));
        }
        return sum;
    }

    /** Lane sums of value times x over one block; its halves are summed apart, so that the CPU can overlap them. */
    static FloatVector block(MemorySegment codes, long offset, int block, IntVector table, float[] x) {
        long at = offset + (long) block * Qk256.BLOCK_BYTES;
        IntVector low = IntVector.fromMemorySegment(Lanes.INTS, codes, at, Lanes.ORDER);
        IntVector high = IntVector.fromMemorySegment(Lanes.INTS, codes, at + Lanes.BYTES, Lanes.ORDER);
        FloatVector lowSum = FloatVector.zero(Lanes.FLOATS);
        FloatVector highSum = lowSum;
        int from = block * Qk256.BLOCK_WEIGHTS;
        for (int i = from; i < from + Lanes.WEIGHTS; i += LANES) {
            FloatVector lowX = FloatVector.fromArray(Lanes.FLOATS, x, i);
            FloatVector highX = FloatVector.fromArray(Lanes.FLOATS, x, i + Lanes.WEIGHTS);
            lowSum = low.selectFrom(table).reinterpretAsFloats().fma(lowX, lowSum);
            highSum = high.selectFrom(table).reinterpretAsFloats().fma(highX, highSum);
            low = low.lanewise(VectorOperators.LSHR, 2);
            high = high.lanewise(VectorOperators.LSHR, 2);
        }
        return lowSum.add(highSum);
    }
}
