package io.qk256.avx2.vector;

import io.qk256.spi.F32Vector;
import io.qk256.spi.I8Vector;
import io.qk256.spi.Qk256;
import io.qk256.spi.Qk256Matrix;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * int8 GEMV without groups for any integer codebook, computed in f32: a block's sums are at most {@code 256 * 64 * 128 = 2^21}, and
 * f32 represents every integer up to 2^24 exactly.
 */
final class GemvI8AnyCodebook {

    private static final int LANES = Lanes.INTS.length();

    private GemvI8AnyCodebook() {}

    static void rows(Qk256Matrix w, Scratch scratch, I8Vector x, int fromRow, int toRow, F32Vector y) {
        float[] q = Scratch.NO_FLOATS;
        double[] sums = scratch.doubleSums(); // Exact for int32 sums, too.
        for (int row = fromRow, rows; row < toRow; row += rows) {
            rows = Math.min(Scratch.ROWS, toRow - row);
            Arrays.fill(sums, 0, rows, 0);
            for (int block = 0; block < w.blocks(); block += Scratch.BLOCKS) {
                int blocks = Scratch.blocks(w, block);
                if (row == fromRow || w.blocks() > Scratch.BLOCKS) {
                    q = scratch.floats(x, w, block, blocks);
                }
                part(w, scratch, q, row, rows, block, blocks, sums);
            }
            for (int r = 0; r < rows; r++) {
                y.set(row + r, (float) sums[r] / x.scale() * w.tensorScale());
            }
        }
    }

    /** Adds some blocks of some rows to their sums. */
    private static void part(
            Qk256Matrix w, Scratch scratch, float[] q, int row, int rows, int block, int blocks, double[] sums) {
        float[] codebook = scratch.codebook(w);
        for (int r = 0; r < rows; r++) {
            MemorySegment codes = scratch.codes(w, row + r, block, blocks);
            long offset = Scratch.offset(w, row + r, 0, block, blocks);
            sums[r] += row(codes, offset, blocks, codebook, q, scratch.floatSums());
        }
    }

    private static int row(MemorySegment codes, long offset, int blocks, float[] codebook, float[] q, float[] lanes) {
        int sum = 0;
        for (int block = 0; block < blocks; block++) {
            sum += block(codes, offset, block, codebook, q, lanes);
        }
        return sum;
    }

    /** The sum of value times x over one block; its halves are summed separately, so that the CPU can overlap them. */
    private static int block(
            MemorySegment anyCodes, long offset, int block, float[] codebook, float[] x, float[] lanes) {
        MemorySegment codes = NativeMemory.exact(anyCodes);
        IntVector table = FloatVector.fromArray(Lanes.FLOATS, codebook, 0).reinterpretAsInts();
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
        lowSum.add(highSum).intoArray(lanes, 0);
        return (int) Lanes.sum(lanes, 0);
    }

    /** The sums of value times q of one block: each lane has 16 consecutive weights. */
    static void laneSums(MemorySegment anyCodes, long offset, int block, float[] codebook, float[] q, int[] lanes) {
        MemorySegment codes = NativeMemory.exact(anyCodes);
        IntVector table = FloatVector.fromArray(Lanes.FLOATS, codebook, 0).reinterpretAsInts();
        long at = offset + (long) block * Qk256.BLOCK_BYTES;
        IntVector low = IntVector.fromMemorySegment(Lanes.INTS, codes, at, Lanes.ORDER);
        IntVector high = IntVector.fromMemorySegment(Lanes.INTS, codes, at + Lanes.BYTES, Lanes.ORDER);
        FloatVector lowSum = FloatVector.zero(Lanes.FLOATS);
        FloatVector highSum = lowSum;
        int from = block * Qk256.BLOCK_WEIGHTS;
        for (int i = from; i < from + Lanes.WEIGHTS; i += LANES) {
            FloatVector lowX = FloatVector.fromArray(Lanes.FLOATS, q, i);
            FloatVector highX = FloatVector.fromArray(Lanes.FLOATS, q, i + Lanes.WEIGHTS);
            lowSum = low.selectFrom(table).reinterpretAsFloats().fma(lowX, lowSum);
            highSum = high.selectFrom(table).reinterpretAsFloats().fma(highX, highSum);
            low = low.lanewise(VectorOperators.LSHR, 2);
            high = high.lanewise(VectorOperators.LSHR, 2);
        }
        ((IntVector) lowSum.convert(VectorOperators.F2I, 0)).intoArray(lanes, 0);
        ((IntVector) highSum.convert(VectorOperators.F2I, 0)).intoArray(lanes, LANES);
    }
}
