package io.qk256.avx2.vector;

import io.qk256.spi.Codebook;
import io.qk256.spi.F32Vector;
import io.qk256.spi.I8Batch;
import io.qk256.spi.Qk256;
import io.qk256.spi.Qk256Matrix;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;

/**
 * int8 GEMM. A chunk of two rows is unpacked to 16-bit weights and multiplied by all columns, four at a time, so each
 * load of a weight or an activation serves several products. The activations of a chunk stay in the L1 cache while the
 * rows pass. All sums are exact.
 */
final class GemmI8 {

    /** Matrix columns in a chunk: a 16-bit lane adds 64 products, each at most 3 * 128. */
    static final int CHUNK = 1024;

    /** Activation columns that share the loads of weights. With fewer than three, one at a time is faster. */
    static final int GROUP = 4;

    private static final int FEWEST_COLUMNS = 3;

    /** Activation columns per unpacking of weights: enough to make its cost negligible. */
    private static final int MAX_COLUMNS = 256;

    /** The maximum number of values rearranged at a time. */
    private static final long MAX_ARRANGED = 1 << 21;

    /** Rows whose sums are kept while the chunks pass. */
    private static final int TILE = 256;

    /** Sums of two rows with a group of columns: first all of one row, then all of the other. */
    static final int PAIR_OF_SUMS = 2 * GROUP;

    private static final int MAX_MAGNITUDE = 3;
    private static final int LANES = Lanes.SHORTS.length();
    private static final int CODES_IN_BYTE = 4;
    private static final int CODES_IN_SHORT = 8;
    private static final short CODE = 3;

    private GemmI8() {}

    /**
     * Whether the codebook values are {@code value0 + code}, plus the same constant for both upper codes, as in every
     * known codebook, and a group of columns is short enough to be rearranged as a whole.
     */
    static boolean takes(Qk256Matrix w, I8Batch x) {
        Codebook book = w.codebook();
        return x.columns() >= FEWEST_COLUMNS
                && arranged(w) <= MAX_ARRANGED / GROUP
                && !w.hasGroupScales()
                && !x.hasMultipliers()
                && book.maxMagnitude() <= MAX_MAGNITUDE
                && book.value1() - book.value0() == 1
                && book.value3() - book.value2() == 1;
    }

    /** The length of a column once it is rearranged. */
    private static long arranged(Qk256Matrix w) {
        return Math.ceilDiv((long) w.blocks() * Qk256.BLOCK_WEIGHTS, (long) CHUNK) * CHUNK;
    }

    static void rows(Qk256Matrix w, Scratch scratch, I8Batch x, int fromRow, int toRow, F32Vector y) {
        int most = (int) Math.min(MAX_COLUMNS, MAX_ARRANGED / arranged(w)) / GROUP * GROUP;
        for (int column = 0, columns; column < x.columns(); column += columns) {
            columns = Math.min(most, x.columns() - column);
            short[] q = scratch.chunks(x, column, columns, w);
            for (int row = fromRow, rows; row < toRow; row += rows) {
                rows = Math.min(TILE, toRow - row);
                tile(w, scratch, row, rows, q, x, column, columns, y);
            }
        }
    }

    /** Some rows times some rearranged columns. */
    private static void tile(
            Qk256Matrix w,
            Scratch scratch,
            int row,
            int rows,
            short[] q,
            I8Batch x,
            int column,
            int columns,
            F32Vector y) {
        int groups = Math.ceilDiv(columns, GROUP);
        int[] sums = scratch.sums(TILE * groups * GROUP);
        Arrays.fill(sums, 0, Math.ceilDiv(rows, 2) * groups * PAIR_OF_SUMS, 0);
        for (int col = 0; col < w.cols(); col += CHUNK) {
            chunk(w, scratch, row, rows, col, q, groups, sums);
        }
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < columns; c++) {
                int pair = r / 2 * groups + c / GROUP;
                int sum = sums[pair * PAIR_OF_SUMS + r % 2 * GROUP + c % GROUP];
                y.set(
                        (long) (column + c) * w.rows() + row + r,
                        (float) sum / x.column(column + c).scale() * w.tensorScale());
            }
        }
    }

    /** Adds one chunk of some rows to their sums. */
    private static void chunk(
            Qk256Matrix w, Scratch scratch, int row, int rows, int col, short[] q, int groups, int[] sums) {
        int cols = Math.min(CHUNK, w.blocks() * Qk256.BLOCK_WEIGHTS - col);
        short[] weights = scratch.pairOfChunks();
        short[] lanes = scratch.laneSums();
        for (int r = 0; r < rows; r += 2) {
            unpack(w, scratch, row + r, col, cols, weights, 0);
            if (r + 1 < rows) { // Otherwise the sums of the second row are not used.
                unpack(w, scratch, row + r + 1, col, cols, weights, CHUNK);
            }
            for (int g = 0; g < groups; g++) {
                multiply(weights, q, (col * groups + g * CHUNK) * GROUP, cols, lanes);
                add(lanes, sums, (r / 2 * groups + g) * PAIR_OF_SUMS);
            }
        }
    }

    /** Writes the values of a chunk of a row, in the order described in {@link Scratch}. */
    private static void unpack(Qk256Matrix w, Scratch scratch, int row, int col, int cols, short[] weights, int to) {
        int block = col / Qk256.BLOCK_WEIGHTS;
        int blocks = cols / Qk256.BLOCK_WEIGHTS;
        MemorySegment codes = NativeMemory.exact(scratch.codes(w, row, block, blocks));
        long offset = Scratch.offset(w, row, 0, block, blocks);
        short value0 = (short) w.codebook().value0();
        short more = (short) (w.codebook().value2() - w.codebook().value0() - 2);
        for (int i = 0; i < cols; i += Lanes.WEIGHTS) {
            ShortVector packed =
                    ShortVector.fromMemorySegment(Lanes.SHORTS, codes, offset + i / CODES_IN_BYTE, Lanes.ORDER);
            for (int k = 0; k < CODES_IN_SHORT; k++) {
                ShortVector code = packed.and(CODE);
                ShortVector value = code.add(value0);
                if (more != 0) {
                    value = code.lanewise(VectorOperators.LSHR, 1).mul(more).add(value);
                }
                value.intoArray(weights, to + i + k * LANES);
                packed = packed.lanewise(VectorOperators.LSHR, 2);
            }
        }
    }

    /** Multiplies a chunk of two rows by a group of columns; the lanes of each sum must still be added. */
    private static void multiply(short[] weights, short[] q, int from, int cols, short[] lanes) {
        ShortVector a0 = ShortVector.zero(Lanes.SHORTS);
        ShortVector a1 = a0;
        ShortVector a2 = a0;
        ShortVector a3 = a0;
        ShortVector b0 = a0;
        ShortVector b1 = a0;
        ShortVector b2 = a0;
        ShortVector b3 = a0;
        for (int i = 0; i < cols; i += LANES) {
            ShortVector a = ShortVector.fromArray(Lanes.SHORTS, weights, i);
            ShortVector b = ShortVector.fromArray(Lanes.SHORTS, weights, i + CHUNK);
            ShortVector q0 = ShortVector.fromArray(Lanes.SHORTS, q, from + i);
            ShortVector q1 = ShortVector.fromArray(Lanes.SHORTS, q, from + i + CHUNK);
            ShortVector q2 = ShortVector.fromArray(Lanes.SHORTS, q, from + i + 2 * CHUNK);
            ShortVector q3 = ShortVector.fromArray(Lanes.SHORTS, q, from + i + 3 * CHUNK);
            a0 = a.mul(q0).add(a0);
            a1 = a.mul(q1).add(a1);
            a2 = a.mul(q2).add(a2);
            a3 = a.mul(q3).add(a3);
            b0 = b.mul(q0).add(b0);
            b1 = b.mul(q1).add(b1);
            b2 = b.mul(q2).add(b2);
            b3 = b.mul(q3).add(b3);
        }
        a0.intoArray(lanes, 0);
        a1.intoArray(lanes, LANES);
        a2.intoArray(lanes, 2 * LANES);
        a3.intoArray(lanes, 3 * LANES);
        b0.intoArray(lanes, 4 * LANES);
        b1.intoArray(lanes, 5 * LANES);
        b2.intoArray(lanes, 6 * LANES);
        b3.intoArray(lanes, 7 * LANES);
    }

    private static void add(short[] lanes, int[] sums, int to) {
        for (int i = 0; i < PAIR_OF_SUMS; i++) {
            IntVector pairs =
                    ShortVector.fromArray(Lanes.SHORTS, lanes, i * LANES).reinterpretAsInts();
            IntVector even =
                    pairs.lanewise(VectorOperators.LSHL, Short.SIZE).lanewise(VectorOperators.ASHR, Short.SIZE);
            IntVector sum = pairs.lanewise(VectorOperators.ASHR, Short.SIZE).add(even);
            sums[to + i] += sum.reduceLanes(VectorOperators.ADD);
        }
    }
}
