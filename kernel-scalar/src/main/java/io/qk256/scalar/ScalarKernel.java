package io.qk256.scalar;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import io.qk256.spi.Codebook;
import io.qk256.spi.F32Vector;
import io.qk256.spi.I8Vector;
import io.qk256.spi.Kernel;
import io.qk256.spi.Qk256;
import io.qk256.spi.Qk256Matrix;
import io.qk256.spi.memory.PerThread;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * The contract of {@link Kernel} in plain code: for each row, for each block, for each weight. Other kernels are
 * compared with it. Each block is copied through small arrays, because the JVM runs array loops at full speed
 * whatever kinds of memory segments the program has used before. Thread-safe: the arrays belong to the calling thread.
 */
final class ScalarKernel extends Kernel {

    /** One block of each operand. */
    private static final class Block {
        final byte[] codes = new byte[Qk256.BLOCK_BYTES];
        final float[] values = new float[Qk256.BLOCK_WEIGHTS];
        final byte[] integers = new byte[Qk256.BLOCK_WEIGHTS];
        final double[] lanes = new double[LANES];
    }

    /** Sums of groups, which the contract adds in this many lanes. */
    private static final int LANES = 8;

    private final PerThread<Block> blocks = new PerThread<>(Block::new);

    @Override
    protected void dequantizeRows(Qk256Matrix w, int fromRow, int toRow, F32Vector out) {
        byte[] codes = blocks.get().codes;
        float[] values = blocks.get().values;
        long written = 0;
        for (int row = fromRow; row < toRow; row++) {
            for (int block = 0; block < w.blocks(); block++) {
                int weights = weights(w, block);
                loadCodes(w, row, block, codes);
                for (int from = 0; from < weights; from += w.group()) {
                    float[] table = table(w.codebook(), w.scale(row, group(w, block, from)));
                    int to = Math.min(weights, from + w.group());
                    for (int i = from; i < to; i++) {
                        values[i] = table[code(codes, i)];
                    }
                }
                MemorySegment.copy(values, 0, out.segment(), JAVA_FLOAT, written * Float.BYTES, weights);
                written += weights;
            }
        }
    }

    @Override
    protected void gemvF32Rows(Qk256Matrix w, F32Vector x, int fromRow, int toRow, F32Vector y) {
        byte[] codes = blocks.get().codes;
        float[] values = blocks.get().values;
        float[] table = table(w.codebook(), 1);
        for (int row = fromRow; row < toRow; row++) {
            float sum = 0;
            for (int block = 0; block < w.blocks(); block++) {
                int weights = weights(w, block);
                loadCodes(w, row, block, codes);
                MemorySegment.copy(x.segment(), JAVA_FLOAT, firstColumn(block) * Float.BYTES, values, 0, weights);
                for (int from = 0; from < weights; from += w.group()) {
                    int to = Math.min(weights, from + w.group());
                    float groupSum = 0;
                    for (int i = from; i < to; i++) {
                        groupSum += table[code(codes, i)] * values[i];
                    }
                    sum += w.hasGroupScales() ? groupSum * w.scale(row, group(w, block, from)) : groupSum;
                }
            }
            y.set(row, w.hasGroupScales() ? sum : sum * w.tensorScale());
        }
    }

    @Override
    protected void gemvI8Rows(Qk256Matrix w, I8Vector x, int fromRow, int toRow, F32Vector y) {
        byte[] codes = blocks.get().codes;
        byte[] integers = blocks.get().integers;
        double[] lanes = blocks.get().lanes;
        float[] table = table(w.codebook(), 1);
        int[] integerTable = {(int) table[0], (int) table[1], (int) table[2], (int) table[3]};
        for (int row = fromRow; row < toRow; row++) {
            // Without group scales the sums are integers, exact in f64, so the lanes serve these matrices, too.
            Arrays.fill(lanes, 0);
            for (int block = 0; block < w.blocks(); block++) {
                int weights = weights(w, block);
                loadCodes(w, row, block, codes);
                MemorySegment.copy(x.segment(), JAVA_BYTE, firstColumn(block), integers, 0, weights);
                for (int from = 0; from < weights; from += w.group()) {
                    int to = Math.min(weights, from + w.group());
                    int group = group(w, block, from);
                    long sum = groupSum(codes, integers, integerTable, x, firstColumn(block), from, to);
                    lanes[group % LANES] += (double) sum * w.groupScale(row, group);
                }
            }
            y.set(row, (float) sum(lanes) / x.scale() * w.tensorScale());
        }
    }

    /** The sum of value times q of some weights of a block; each 32 of them share a multiplier. */
    private static long groupSum(
            byte[] codes, byte[] integers, int[] table, I8Vector x, long firstColumn, int from, int to) {
        long sum = 0;
        for (int start = from; start < to; start += I8Vector.GROUP) {
            int end = Math.min(to, start + I8Vector.GROUP);
            int ofMultiplier = 0;
            for (int i = start; i < end; i++) {
                ofMultiplier += table[code(codes, i)] * integers[i];
            }
            sum += (long) ofMultiplier * x.multiplier((firstColumn + start) / I8Vector.GROUP);
        }
        return sum;
    }

    /** The order that the contract defines. */
    private static double sum(double[] lanes) {
        return ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]));
    }

    private static float[] table(Codebook codebook, float scale) {
        return new float[] {
            codebook.value0() * scale, codebook.value1() * scale, codebook.value2() * scale, codebook.value3() * scale
        };
    }

    private static void loadCodes(Qk256Matrix w, int row, int block, byte[] codes) {
        long offset = row * w.rowStride() + (long) block * Qk256.BLOCK_BYTES;
        MemorySegment.copy(w.codes(), JAVA_BYTE, offset, codes, 0, Qk256.BLOCK_BYTES);
    }

    private static int code(byte[] codes, int i) {
        return codes[i >> 2] >> (2 * (i & 3)) & 3;
    }

    /** The group, within its row, of a weight of a block. */
    private static int group(Qk256Matrix w, int block, int weight) {
        return (int) ((firstColumn(block) + weight) / w.group());
    }

    private static long firstColumn(int block) {
        return (long) block * Qk256.BLOCK_WEIGHTS;
    }

    /** The last block of a row may have fewer weights than its 64 bytes hold codes. */
    private static int weights(Qk256Matrix w, int block) {
        return (int) Math.min(Qk256.BLOCK_WEIGHTS, w.cols() - firstColumn(block));
    }

    @Override
    public String toString() {
        return "plain Java";
    }
}
