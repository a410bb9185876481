package io.qk256.avx2.vector;

import io.qk256.spi.F32Vector;
import io.qk256.spi.Qk256;
import io.qk256.spi.Qk256Matrix;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * f32 GEMV: shifts a vector of packed codes right by two bits at a time, looks up the low code of each lane, and
 * multiplies the values by the {@linkplain Scratch reordered} input. Two rows share each load of the input, and the
 * halves of a block are summed separately. This gives four chains of additions, which the CPU overlaps. A row is summed
 * in the same order whatever the other row is.
 */
final class GemvF32 {

    private static final int LANES = Lanes.INTS.length();
    private static final int WEIGHTS_IN_LANE = Lanes.WEIGHTS / LANES;

    private static final VectorMask<Float> UPPER = VectorMask.fromLong(Lanes.FLOATS, 0xF0);

    private GemvF32() {}

    static void rows(Qk256Matrix w, Scratch scratch, F32Vector x, int fromRow, int toRow, F32Vector y) {
        float[] ordered = Scratch.NO_FLOATS;
        float[] sums = scratch.floatSums();
        float rowScale = w.hasGroupScales() ? 1 : w.tensorScale();
        for (int row = fromRow, rows; row < toRow; row += rows) {
            rows = Math.min(Scratch.ROWS, toRow - row);
            Arrays.fill(sums, 0, rows * LANES, 0);
            for (int block = 0; block < w.blocks(); block += Scratch.BLOCKS) {
                int blocks = Scratch.blocks(w, block);
                if (row == fromRow || w.blocks() > Scratch.BLOCKS) {
                    ordered = scratch.floats(x, w, block, blocks);
                }
                part(w, scratch, ordered, row, rows, block, blocks, sums);
            }
            for (int r = 0; r < rows; r++) {
                y.set(row + r, Lanes.sum(sums, r * LANES) * rowScale);
            }
        }
    }

    /** Adds some blocks of some rows to their sums. */
    private static void part(
            Qk256Matrix w, Scratch scratch, float[] x, int row, int rows, int block, int blocks, float[] sums) {
        float[] codebook = scratch.codebook(w);
        boolean scaled = w.hasGroupScales();
        for (int r = 0; r < rows; r += 2) {
            int partner = Math.min(r + 1, rows - 1); // An odd last row is its own partner.
            pair(
                    scratch.codes(w, row + r, row + partner, block, blocks),
                    Scratch.offset(w, row + r, 0, block, blocks),
                    Scratch.offset(w, row + partner, partner - r, block, blocks),
                    blocks,
                    codebook,
                    x,
                    scaled,
                    scaled ? scratch.scales(0, w, row + r, block, blocks, w.tensorScale()) : Scratch.NO_FLOATS,
                    scaled ? scratch.scales(1, w, row + partner, block, blocks, w.tensorScale()) : Scratch.NO_FLOATS,
                    w.cols() - block * Qk256.BLOCK_WEIGHTS,
                    sums,
                    r * LANES,
                    partner * LANES);
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
            float[] scales,
            float[] partnerScales,
            int weights,
            float[] sums,
            int at,
            int partnerAt) {
        MemorySegment codes = NativeMemory.exact(anyCodes);
        IntVector table = FloatVector.fromArray(Lanes.FLOATS, codebook, 0).reinterpretAsInts();
        FloatVector sum = FloatVector.fromArray(Lanes.FLOATS, sums, at);
        FloatVector partnerSum = FloatVector.fromArray(Lanes.FLOATS, sums, partnerAt);
        for (int block = 0; block < blocks; block++) {
            long in = (long) block * Qk256.BLOCK_BYTES;
            IntVector a0 = IntVector.fromMemorySegment(Lanes.INTS, codes, offset + in, Lanes.ORDER);
            IntVector a1 = IntVector.fromMemorySegment(Lanes.INTS, codes, offset + in + Lanes.BYTES, Lanes.ORDER);
            IntVector b0 = IntVector.fromMemorySegment(Lanes.INTS, codes, partnerOffset + in, Lanes.ORDER);
            IntVector b1 =
                    IntVector.fromMemorySegment(Lanes.INTS, codes, partnerOffset + in + Lanes.BYTES, Lanes.ORDER);
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
            if (scaled) {
                int s = block * Scratch.SCALES;
                // Lane 0 has the first 16 of 128 weights, lane 7 the last.
                FloatVector scaleA0 =
                        FloatVector.broadcast(Lanes.FLOATS, scales[s]).blend(scales[s + 1], UPPER);
                FloatVector scaleA1 =
                        FloatVector.broadcast(Lanes.FLOATS, scales[s + 2]).blend(scales[s + 3], UPPER);
                FloatVector scaleB0 =
                        FloatVector.broadcast(Lanes.FLOATS, partnerScales[s]).blend(partnerScales[s + 1], UPPER);
                FloatVector scaleB1 = FloatVector.broadcast(Lanes.FLOATS, partnerScales[s + 2])
                        .blend(partnerScales[s + 3], UPPER);
                int left = weights - from;
                if (left < Qk256.BLOCK_WEIGHTS) { // An infinite scale would turn lanes without weights into NaN.
                    int lanes = Math.ceilDiv(left, WEIGHTS_IN_LANE);
                    VectorMask<Float> in0 = Lanes.FLOATS.indexInRange(0, lanes);
                    VectorMask<Float> in1 = Lanes.FLOATS.indexInRange(LANES, lanes);
                    sumA0 = sumA0.mul(scaleA0, in0);
                    sumA1 = sumA1.mul(scaleA1, in1);
                    sumB0 = sumB0.mul(scaleB0, in0);
                    sumB1 = sumB1.mul(scaleB1, in1);
                } else {
                    sumA0 = sumA0.mul(scaleA0);
                    sumA1 = sumA1.mul(scaleA1);
                    sumB0 = sumB0.mul(scaleB0);
                    sumB1 = sumB1.mul(scaleB1);
                }
            }
            sum = sum.add(sumA0.add(sumA1));
            partnerSum = partnerSum.add(sumB0.add(sumB1));
        }
        sum.intoArray(sums, at);
        partnerSum.intoArray(sums, partnerAt);
    }
}
