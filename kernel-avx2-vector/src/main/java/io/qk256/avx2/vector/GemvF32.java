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
 * multiplies them with the {@linkplain Scratch reordered} input. Two rows share each load of the input, and the halves of
 * a block are summed apart: four chains of additions, which the CPU overlaps. A row is summed in the same order whatever
 * its partner.
 */
final class GemvF32 {

    private static final int LANES = Lanes.INTS.length();

    private GemvF32() {}

    static void rows(Qk256Matrix w, Scratch scratch, float[] x, int fromRow, int toRow, F32Vector y) {
        float[] codebook = scratch.codebook(w);
        int blocks = w.blocks();
        boolean scaled = w.blockScales().isPresent();
        MemorySegment scales = scratch.scales(w, fromRow, toRow);
        float[] sums = scratch.pairOfSums();
        for (int row = fromRow; row < toRow; row += 2) {
            int partner = Math.min(row + 1, toRow - 1); // An odd last row is its own.
            pair(
                    scratch.codes(w, row, partner),
                    scratch.offset(w, row, 0),
                    scratch.offset(w, partner, partner - row),
                    blocks,
                    codebook,
                    x,
                    scaled,
                    scales,
                    (long) (row - fromRow) * blocks,
                    (long) (partner - fromRow) * blocks,
                    sums);
            y.set(row, sums[0] * w.tensorScale());
            y.set(partner, sums[1] * w.tensorScale());
        }
    }

    private static void pair(
            MemorySegment anyCodes,
            long offset,
            long partnerOffset,
            int blocks,
            float[] codebook,
            float[] x,
            boolean scaled,
            MemorySegment anyScales,
            long scale,
            long partnerScale,
            float[] sums) {
        MemorySegment codes = NativeMemory.exact(anyCodes);
        MemorySegment scales = NativeMemory.exact(anyScales);
        IntVector table = FloatVector.fromArray(Lanes.FLOATS, codebook, 0).reinterpretAsInts();
        FloatVector sum = FloatVector.zero(Lanes.FLOATS);
        FloatVector partnerSum = sum;
        for (int block = 0; block < blocks; block++) {
            long at = (long) block * Qk256.BLOCK_BYTES;
            IntVector a0 = IntVector.fromMemorySegment(Lanes.INTS, codes, offset + at, Lanes.ORDER);
            IntVector a1 = IntVector.fromMemorySegment(Lanes.INTS, codes, offset + at + Lanes.BYTES, Lanes.ORDER);
            IntVector b0 = IntVector.fromMemorySegment(Lanes.INTS, codes, partnerOffset + at, Lanes.ORDER);
            IntVector b1 =
                    IntVector.fromMemorySegment(Lanes.INTS, codes, partnerOffset + at + Lanes.BYTES, Lanes.ORDER);
            FloatVector sumA0 = FloatVector.zero(Lanes.FLOATS);
            FloatVector sumA1 = sumA0;
            FloatVector sumB0 = sumA0;
            FloatVector sumB1 = sumA0;
            int from = block * Qk256.BLOCK_WEIGHTS;
            for (int i = from; i < from + Lanes.WEIGHTS; i += LANES) {
                FloatVector x0 = FloatVector.fromArray(Lanes.FLOATS, x, i);
                FloatVector x1 = FloatVector.fromArray(Lanes.FLOATS, x, i + Lanes.WEIGHTS);
                sumA0 = a0.selectFrom(table).reinterpretAsFloats().fma(x0, sumA0);
                sumA1 = a1.selectFrom(table).reinterpretAsFloats().fma(x1, sumA1);
                sumB0 = b0.selectFrom(table).reinterpretAsFloats().fma(x0, sumB0);
                sumB1 = b1.selectFrom(table).reinterpretAsFloats().fma(x1, sumB1);
                a0 = a0.lanewise(VectorOperators.LSHR, 2);
                a1 = a1.lanewise(VectorOperators.LSHR, 2);
                b0 = b0.lanewise(VectorOperators.LSHR, 2);
                b1 = b1.lanewise(VectorOperators.LSHR, 2);
            }
            FloatVector sumA = sumA0.add(sumA1);
            FloatVector sumB = sumB0.add(sumB1);
            if (scaled) {
                sumA = sumA.mul(scales.getAtIndex(JAVA_FLOAT, scale + block));
                sumB = sumB.mul(scales.getAtIndex(JAVA_FLOAT, partnerScale + block));
            }
            sum = sum.add(sumA);
            partnerSum = partnerSum.add(sumB);
        }
        sums[0] = Lanes.sum(sum);
        sums[1] = Lanes.sum(partnerSum);
    }
}
