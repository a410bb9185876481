package io.qk256.avx2.vector;

import io.qk256.spi.F32Vector;
import io.qk256.spi.I8Vector;
import io.qk256.spi.Qk256;
import io.qk256.spi.Qk256Matrix;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.Vector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * int8 GEMV with scales of groups of weights, multipliers of groups of activations, or both. A vector lane adds 16
 * consecutive weights, so lanes never mix groups; then each 32 weights take their multiplier, and each group its scale.
 */
final class GemvI8Groups {

    private static final int LANES = Scratch.GROUP_LANES;
    private static final int NARROW = 2;
    private static final VectorSpecies<Double> DOUBLES = DoubleVector.SPECIES_256;
    private static final VectorMask<Integer> ODD = VectorMask.fromLong(Lanes.INTS, 0b10101010);
    private static final VectorShuffle<Integer> SWAP_PAIRS =
            VectorShuffle.fromValues(Lanes.INTS, 2, 3, 0, 1, 6, 7, 4, 5);

    /** Of sums for columns 0, 128, 0, 128, 64, 192, 64, 192. */
    private static final VectorShuffle<Integer> IN_ORDER = VectorShuffle.fromValues(Lanes.INTS, 0, 4, 1, 5, 0, 4, 1, 5);

    private GemvI8Groups() {}

    static void rows(Qk256Matrix w, Scratch scratch, I8Vector x, int fromRow, int toRow, F32Vector y) {
        boolean affine = GemvI8.takes(w.codebook());
        boolean narrow = affine && w.codebook().maxMagnitude() <= NARROW;
        short[] shorts = Scratch.NO_SHORTS;
        float[] floats = Scratch.NO_FLOATS;
        int[] multipliers = Scratch.NO_INTS;
        int[] factors = Scratch.NO_INTS;
        int[] offsets = Scratch.NO_INTS;
        double[] lanes = scratch.groupLanes();
        for (int row = fromRow, rows; row < toRow; row += rows) {
            rows = Math.min(Scratch.ROWS, toRow - row);
            Arrays.fill(lanes, 0, rows * LANES, 0);
            for (int block = 0; block < w.blocks(); block += Scratch.BLOCKS) {
                int blocks = Scratch.blocks(w, block);
                if (row == fromRow || w.blocks() > Scratch.BLOCKS) {
                    shorts = affine ? scratch.shorts(x, w, block, blocks) : shorts;
                    floats = affine ? floats : scratch.floats(x, w, block, blocks);
                    multipliers = scratch.multipliers(x, w, block, blocks);
                    if (narrow) {
                        int value0 = (int) w.codebook().value0();
                        factors = scratch.factors(blocks, (int) w.codebook().value1() - value0);
                        offsets = scratch.offsets(blocks, value0);
                    }
                }
                for (int r = 0; r < rows; r++) {
                    float[] scales = scratch.scales(0, w, row + r, block, blocks, 1);
                    if (narrow) {
                        narrowRow(
                                w, scratch, shorts, row + r, block, blocks, factors, offsets, scales, lanes, r * LANES);
                    } else if (affine) {
                        affineRow(w, scratch, shorts, row + r, block, blocks, multipliers, scales, lanes, r * LANES);
                    } else {
                        anyRow(w, scratch, floats, row + r, block, blocks, multipliers, scales, lanes, r * LANES);
                    }
                }
            }
            for (int r = 0; r < rows; r++) {
                y.set(row + r, (float) sum(lanes, r * LANES) / x.scale() * w.tensorScale());
            }
        }
    }

    /**
     * A part of a row whose codebook values are {@code value0 + step * code}, at most 2 in magnitude: then the sum of a
     * group of 256 weights with the largest multipliers fits in 32 bits.
     */
    private static void narrowRow(
            Qk256Matrix w,
            Scratch scratch,
            short[] q,
            int row,
            int fromBlock,
            int blocks,
            int[] factors,
            int[] offsets,
            float[] scales,
            double[] lanes,
            int at) {
        int[] sums = scratch.sumsOfGroups();
        long offset = Scratch.offset(w, row, 0, fromBlock, blocks);
        sumsOf64(scratch.codes(w, row, fromBlock, blocks), offset, blocks, q, factors, offsets, sums);
        int perGroup = (w.hasGroupScales() ? w.group() : Qk256.BLOCK_WEIGHTS) * Scratch.SCALES / Qk256.BLOCK_WEIGHTS;
        if (perGroup == 1) {
            addGroupsOf64(sums, scales, blocks * Scratch.SCALES, lanes, at);
        } else {
            addGroups(sums, scales, blocks * Scratch.SCALES, perGroup, lanes, at);
        }
    }

    /** The sum of each 64 columns: code times q times the multiplier of each 32 columns. */
    private static void sumsOf64(
            MemorySegment anyCodes, long offset, int blocks, short[] q, int[] factors, int[] offsets, int[] sums) {
        MemorySegment codes = NativeMemory.exact(anyCodes);
        for (int block = 0; block < blocks; block++) {
            long at = offset + (long) block * Qk256.BLOCK_BYTES;
            ShortVector low = ShortVector.fromMemorySegment(Lanes.SHORTS, codes, at, Lanes.ORDER);
            ShortVector high = ShortVector.fromMemorySegment(Lanes.SHORTS, codes, at + Lanes.BYTES, Lanes.ORDER);
            ShortVector lowSum = ShortVector.zero(Lanes.SHORTS);
            ShortVector highSum = lowSum;
            int from = block * Qk256.BLOCK_WEIGHTS;
            for (int i = from; i < from + Lanes.WEIGHTS; i += Lanes.SHORTS.length()) {
                ShortVector lowQ = ShortVector.fromArray(Lanes.SHORTS, q, i);
                ShortVector highQ = ShortVector.fromArray(Lanes.SHORTS, q, i + Lanes.WEIGHTS);
                lowSum = low.and(GemvI8.CODE).mul(lowQ).add(lowSum);
                highSum = high.and(GemvI8.CODE).mul(highQ).add(highSum);
                low = low.lanewise(VectorOperators.LSHR, 2);
                high = high.lanewise(VectorOperators.LSHR, 2);
            }
            int first = block * 2 * Scratch.MULTIPLIERS;
            int second = first + Lanes.INTS.length();
            IntVector pairsOfLow = lowSum.reinterpretAsInts();
            IntVector evenOfLow =
                    pairsOfLow.lanewise(VectorOperators.LSHL, Short.SIZE).lanewise(VectorOperators.ASHR, Short.SIZE);
            IntVector lows = pairsOfLow
                    .lanewise(VectorOperators.ASHR, Short.SIZE)
                    .add(evenOfLow)
                    .mul(IntVector.fromArray(Lanes.INTS, factors, first))
                    .add(IntVector.fromArray(Lanes.INTS, offsets, first));
            IntVector pairsOfHigh = highSum.reinterpretAsInts();
            IntVector evenOfHigh =
                    pairsOfHigh.lanewise(VectorOperators.LSHL, Short.SIZE).lanewise(VectorOperators.ASHR, Short.SIZE);
            IntVector highs = pairsOfHigh
                    .lanewise(VectorOperators.ASHR, Short.SIZE)
                    .add(evenOfHigh)
                    .mul(IntVector.fromArray(Lanes.INTS, factors, second))
                    .add(IntVector.fromArray(Lanes.INTS, offsets, second));
            // Sums of two lanes: those of the low half in even lanes, those of the high half in odd ones.
            IntVector even = lows.add(lows.reinterpretAsLongs()
                    .lanewise(VectorOperators.LSHR, Integer.SIZE)
                    .reinterpretAsInts());
            IntVector odd = highs.add(highs.reinterpretAsLongs()
                    .lanewise(VectorOperators.LSHL, Integer.SIZE)
                    .reinterpretAsInts());
            IntVector pairs = even.blend(odd, ODD);
            IntVector fours = pairs.add(pairs.rearrange(SWAP_PAIRS));
            fours.rearrange(IN_ORDER).intoArray(sums, block * Scratch.SCALES); // The next block overwrites half of it.
        }
    }

    private static void addGroupsOf64(int[] sums, float[] scales, int groups, double[] lanes, int at) {
        DoubleVector first = DoubleVector.fromArray(DOUBLES, lanes, at);
        DoubleVector second = DoubleVector.fromArray(DOUBLES, lanes, at + 4);
        // Half a vector may be left, as a block has four groups.
        for (int g = 0; g < groups; g += LANES / 2) {
            Vector<Double> sum =
                    IntVector.fromArray(IntVector.SPECIES_128, sums, g).convertShape(VectorOperators.I2D, DOUBLES, 0);
            Vector<Double> scale = FloatVector.fromArray(FloatVector.SPECIES_128, scales, g)
                    .convertShape(VectorOperators.F2D, DOUBLES, 0);
            DoubleVector more = first.add(sum.mul(scale));
            first = second;
            second = more;
        }
        boolean turned = groups % LANES != 0;
        first.intoArray(lanes, turned ? at + 4 : at);
        second.intoArray(lanes, turned ? at : at + 4);
    }

    /** Groups of {@code perGroup} sums, 2 or 4. */
    private static void addGroups(int[] sums, float[] scales, int length, int perGroup, double[] lanes, int at) {
        int lane = 0;
        for (int from = 0; from < length; from += perGroup) {
            int sum = sums[from] + sums[from + 1];
            if (perGroup > 2) {
                sum += sums[from + 2] + sums[from + 3];
            }
            lanes[at + lane] += (double) sum * scales[from];
            lane = (lane + 1) & (LANES - 1);
        }
    }

    /** A part of a row whose codebook values are {@code value0 + step * code}. */
    private static void affineRow(
            Qk256Matrix w,
            Scratch scratch,
            short[] q,
            int row,
            int fromBlock,
            int blocks,
            int[] multipliers,
            float[] scales,
            double[] lanes,
            int at) {
        MemorySegment codes = scratch.codes(w, row, fromBlock, blocks);
        long offset = Scratch.offset(w, row, 0, fromBlock, blocks);
        int[] sumsOfQ = scratch.sumsOfQ();
        int[] lanesOfBlock = scratch.lanesOfBlock();
        int value0 = (int) w.codebook().value0();
        int step = (int) w.codebook().value1() - value0;
        for (int block = 0; block < blocks; block++) {
            GemvI8.laneSums(codes, offset, block, q, lanesOfBlock);
            int first = block * Scratch.MULTIPLIERS;
            for (int i = 0; i < Scratch.MULTIPLIERS; i++) {
                int sum = lanesOfBlock[2 * i] + lanesOfBlock[2 * i + 1];
                lanesOfBlock[i] = value0 * sumsOfQ[first + i] + step * sum;
            }
            addBlock(w.group(), block, lanesOfBlock, multipliers, scales, lanes, at);
        }
    }

    private static void anyRow(
            Qk256Matrix w,
            Scratch scratch,
            float[] q,
            int row,
            int fromBlock,
            int blocks,
            int[] multipliers,
            float[] scales,
            double[] lanes,
            int at) {
        MemorySegment codes = scratch.codes(w, row, fromBlock, blocks);
        long offset = Scratch.offset(w, row, 0, fromBlock, blocks);
        float[] codebook = scratch.codebook(w);
        int[] lanesOfBlock = scratch.lanesOfBlock();
        for (int block = 0; block < blocks; block++) {
            GemvI8AnyCodebook.laneSums(codes, offset, block, codebook, q, lanesOfBlock);
            for (int i = 0; i < Scratch.MULTIPLIERS; i++) {
                lanesOfBlock[i] = lanesOfBlock[2 * i] + lanesOfBlock[2 * i + 1];
            }
            addBlock(w.group(), block, lanesOfBlock, multipliers, scales, lanes, at);
        }
    }

    /** Adds the groups of a block to their lanes; {@code sums} has the sum of each 32 weights. */
    private static void addBlock(
            int group, int block, int[] sums, int[] multipliers, float[] scales, double[] lanes, int at) {
        int perGroup = group / I8Vector.GROUP;
        int groupsInBlock = Qk256.BLOCK_WEIGHTS / group;
        int first = block * Scratch.MULTIPLIERS;
        for (int g = 0; g < groupsInBlock; g++) {
            long sum = 0;
            for (int i = g * perGroup; i < (g + 1) * perGroup; i++) {
                sum += (long) sums[i] * multipliers[first + i];
            }
            int lane = (block * groupsInBlock + g) % LANES;
            lanes[at + lane] += (double) sum * scales[block * Scratch.SCALES + g * Scratch.SCALES / groupsInBlock];
        }
    }

    /** The order that the contract defines. */
    private static double sum(double[] lanes, int at) {
        double even = (lanes[at] + lanes[at + 4]) + (lanes[at + 2] + lanes[at + 6]);
        double odd = (lanes[at + 1] + lanes[at + 5]) + (lanes[at + 3] + lanes[at + 7]);
        return even + odd;
    }
}
