package io.qk256.avx2.vector;

import io.qk256.spi.Codebook;
import io.qk256.spi.F32Vector;
import io.qk256.spi.I8Vector;
import io.qk256.spi.Qk256;
import io.qk256.spi.Qk256Matrix;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;

/**
 * int8 GEMV without groups for codebooks whose values are {@code value0 + step * code}, such as the ternary ones. Because
 * {@code sum(value * q) = value0 * sum(q) + step * sum(code * q)}, the codes need no lookup. All sums are exact.
 */
final class GemvI8 {

    private static final int LANES = Lanes.SHORTS.length();
    static final short CODE = 3;

    private GemvI8() {}

    static boolean takes(Codebook codebook) {
        float step = codebook.value1() - codebook.value0();
        return codebook.value2() - codebook.value1() == step && codebook.value3() - codebook.value2() == step;
    }

    static void rows(Qk256Matrix w, Scratch scratch, I8Vector x, int fromRow, int toRow, F32Vector y) {
        short[] q = Scratch.NO_SHORTS;
        double[] sums = scratch.doubleSums(); // Exact for int32 sums, too.
        for (int row = fromRow, rows; row < toRow; row += rows) {
            rows = Math.min(Scratch.ROWS, toRow - row);
            Arrays.fill(sums, 0, rows, 0);
            for (int block = 0; block < w.blocks(); block += Scratch.BLOCKS) {
                int blocks = Scratch.blocks(w, block);
                if (row == fromRow || w.blocks() > Scratch.BLOCKS) {
                    q = scratch.shorts(x, w, block, blocks);
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
            Qk256Matrix w, Scratch scratch, short[] q, int row, int rows, int block, int blocks, double[] sums) {
        int value0 = (int) w.codebook().value0();
        int step = (int) w.codebook().value1() - value0;
        int[] sumsOfQ = scratch.sumsOfQ();
        int sumOfQ = 0;
        for (int i = 0; i < blocks * Scratch.MULTIPLIERS; i++) {
            sumOfQ += sumsOfQ[i];
        }
        for (int r = 0; r < rows; r++) {
            MemorySegment codes = scratch.codes(w, row + r, block, blocks);
            long offset = Scratch.offset(w, row + r, 0, block, blocks);
            sums[r] += value0 * sumOfQ + step * codesTimesQ(codes, offset, blocks, q);
        }
    }

    /**
     * The sum of code times q over some blocks: within a block at most 16 * 3 * 128 = 6144 in 16 bits, then
     * widened.
     */
    private static int codesTimesQ(MemorySegment anyCodes, long offset, int blocks, short[] q) {
        MemorySegment codes = NativeMemory.exact(anyCodes);
        IntVector sum = IntVector.zero(Lanes.INTS);
        for (int block = 0; block < blocks; block++) {
            long at = offset + (long) block * Qk256.BLOCK_BYTES;
            ShortVector low = ShortVector.fromMemorySegment(Lanes.SHORTS, codes, at, Lanes.ORDER);
            ShortVector high = ShortVector.fromMemorySegment(Lanes.SHORTS, codes, at + Lanes.BYTES, Lanes.ORDER);
            ShortVector lowSum = ShortVector.zero(Lanes.SHORTS);
            ShortVector highSum = lowSum;
            int from = block * Qk256.BLOCK_WEIGHTS;
            for (int i = from; i < from + Lanes.WEIGHTS; i += LANES) {
                ShortVector lowQ = ShortVector.fromArray(Lanes.SHORTS, q, i);
                ShortVector highQ = ShortVector.fromArray(Lanes.SHORTS, q, i + Lanes.WEIGHTS);
                lowSum = low.and(CODE).mul(lowQ).add(lowSum);
                highSum = high.and(CODE).mul(highQ).add(highSum);
                low = low.lanewise(VectorOperators.LSHR, 2);
                high = high.lanewise(VectorOperators.LSHR, 2);
            }
            IntVector pairs = lowSum.add(highSum).reinterpretAsInts();
            IntVector even =
                    pairs.lanewise(VectorOperators.LSHL, Short.SIZE).lanewise(VectorOperators.ASHR, Short.SIZE);
            sum = sum.add(pairs.lanewise(VectorOperators.ASHR, Short.SIZE).add(even));
        }
        return sum.reduceLanes(VectorOperators.ADD);
    }

    /** The sums of code times q of one block: each lane has 16 consecutive weights. */
    static void laneSums(MemorySegment anyCodes, long offset, int block, short[] q, int[] lanes) {
        MemorySegment codes = NativeMemory.exact(anyCodes);
        long at = offset + (long) block * Qk256.BLOCK_BYTES;
        ShortVector low = ShortVector.fromMemorySegment(Lanes.SHORTS, codes, at, Lanes.ORDER);
        ShortVector high = ShortVector.fromMemorySegment(Lanes.SHORTS, codes, at + Lanes.BYTES, Lanes.ORDER);
        ShortVector lowSum = ShortVector.zero(Lanes.SHORTS);
        ShortVector highSum = lowSum;
        int from = block * Qk256.BLOCK_WEIGHTS;
        for (int i = from; i < from + Lanes.WEIGHTS; i += LANES) {
            ShortVector lowQ = ShortVector.fromArray(Lanes.SHORTS, q, i);
            ShortVector highQ = ShortVector.fromArray(Lanes.SHORTS, q, i + Lanes.WEIGHTS);
            lowSum = low.and(CODE).mul(lowQ).add(lowSum);
            highSum = high.and(CODE).mul(highQ).add(highSum);
            low = low.lanewise(VectorOperators.LSHR, 2);
            high = high.lanewise(VectorOperators.LSHR, 2);
        }
        IntVector pairs = lowSum.reinterpretAsInts();
        IntVector even = pairs.lanewise(VectorOperators.LSHL, Short.SIZE).lanewise(VectorOperators.ASHR, Short.SIZE);
        pairs.lanewise(VectorOperators.ASHR, Short.SIZE).add(even).intoArray(lanes, 0);
        pairs = highSum.reinterpretAsInts();
        even = pairs.lanewise(VectorOperators.LSHL, Short.SIZE).lanewise(VectorOperators.ASHR, Short.SIZE);
        pairs.lanewise(VectorOperators.ASHR, Short.SIZE).add(even).intoArray(lanes, Lanes.INTS.length());
    }
}
