package io.qk256.avx2.vector;

import io.qk256.spi.F32Vector;
import io.qk256.spi.I8Vector;
import io.qk256.spi.Qk256;
import io.qk256.spi.Qk256Matrix;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * int8 GEMV with scales of groups of weights, multipliers of groups of activations, or both. A vector lane adds 16
 * consecutive weights, so lanes never mix groups; then each 32 weights take their multiplier, and each group its scale.
 */
final class GemvI8Groups {

    private static final int LANES = Scratch.GROUP_LANES;

    private GemvI8Groups() {}

    static void rows(Qk256Matrix w, Scratch scratch, I8Vector x, int fromRow, int toRow, F32Vector y) {
        boolean affine = GemvI8.takes(w.codebook());
        short[] shorts = {};
        float[] floats = {};
        int[] multipliers = {};
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
                }
                for (int r = 0; r < rows; r++) {
                    float[] scales = scratch.scales(0, w, row + r, block, blocks, 1);
                    if (affine) {
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
