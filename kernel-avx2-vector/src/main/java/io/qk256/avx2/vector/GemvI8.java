package io.qk256.avx2.vector;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import io.qk256.spi.Codebook;
import io.qk256.spi.F32Vector;
import io.qk256.spi.Qk256;
import io.qk256.spi.Qk256Matrix;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;

/**
 * The int8 product for codebooks whose values are {@code value0 + step * code}, as the ternary ones are. With
 * {@code sum(value * q) = value0 * sum(q) + step * sum(code * q)} the codes need no look-up. All sums are exact.
 */
final class GemvI8 {

    private static final int LANES = Lanes.SHORTS.length();
    private static final short CODE = 3;

    private GemvI8() {}

    static boolean takes(Codebook codebook) {
        float step = codebook.value1() - codebook.value0();
        return codebook.value2() - codebook.value1() == step && codebook.value3() - codebook.value2() == step;
    }

    static void rows(
            Qk256Matrix w, Scratch scratch, short[] q, float activationScale, int fromRow, int toRow, F32Vector y) {
        int value0 = (int) w.codebook().value0();
        int step = (int) w.codebook().value1() - value0;
        int blocks = w.blocks();
        int[] sumsOfQ = scratch.blockSums();
        int sumOfQ = 0;
        for (int block = 0; block < blocks; block++) {
            sumOfQ += sumsOfQ[block];
        }
        MemorySegment scales = scratch.scales(w, fromRow, toRow);
        for (int row = fromRow; row < toRow; row++) {
            MemorySegment codes = scratch.codes(w, row);
            long offset = scratch.offset(w, row, 0);
            float sum;
            if (w.blockScales().isEmpty()) {
                sum = (float) (value0 * sumOfQ + step * codesTimesQ(codes, offset, 0, blocks, q));
            } else {
                long firstScale = (long) (row - fromRow) * blocks;
                sum = (float) scaledRow(codes, offset, value0, step, q, sumsOfQ, blocks, scales, firstScale);
            }
            y.set(row, sum / activationScale * w.tensorScale());
        }
    }

    private static double scaledRow(
            MemorySegment codes,
            long offset,
            int value0,
            int step,
            short[] q,
            int[] sumsOfQ,
            int blocks,
            MemorySegment anyScales,
            long firstScale) {
        MemorySegment scales = NativeMemory.exact(anyScales);
        double sum = 0;
        for (int block = 0; block < blocks; block++) {
            int exact = value0 * sumsOfQ[block] + step * codesTimesQ(codes, offset, block, block + 1, q);
            sum += (double) exact * scales.getAtIndex(JAVA_FLOAT, firstScale + block);
        }
        return sum;
    }

    /** The sum of code times q over some blocks: in a block at most 16 * 3 * 128 = 6144 in 16 bits, then widened. */
    private static int codesTimesQ(MemorySegment anyCodes, long offset, int fromBlock, int toBlock, short[] q) {
        MemorySegment codes = NativeMemory.exact(anyCodes);
        IntVector sum = IntVector.zero(Lanes.INTS);
        for (int block = fromBlock; block < toBlock; block++) {
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
            sum = sum.add(widened(lowSum.add(highSum)));
        }
        return sum.reduceLanes(VectorOperators.ADD);
    }

    static IntVector widened(ShortVector sums) {
        IntVector pairs = sums.reinterpretAsInts();
        IntVector even = pairs.lanewise(VectorOperators.LSHL, Short.SIZE).lanewise(VectorOperators.ASHR, Short.SIZE);
        return pairs.lanewise(VectorOperators.ASHR, Short.SIZE).add(even);
    }
}
