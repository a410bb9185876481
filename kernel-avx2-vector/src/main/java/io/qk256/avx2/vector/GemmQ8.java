package io.qk256.avx2.vector;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.qk256.spi.F32Vector;
import io.qk256.spi.I8Batch;
import io.qk256.spi.I8Vector;
import io.qk256.spi.Q8Matrix;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * GEMM of 8-bit rows, two columns at a time. An int lane holds four codes of one row. As 16-bit lanes, shifted left and
 * right by 8, it gives the codes of even and of odd columns; the sum of two products fits in 16 bits unless both q are
 * -128, which quantized activations never are.
 */
final class GemmQ8 {

    /** Groups of columns that are arranged at a time. */
    private static final int GROUPS = 256;

    /** Tiles whose sums are kept while the parts of a wider matrix pass. */
    private static final int TILES = 16;

    private static final int COLUMNS = 2;
    private static final int ROWS = Q8Matrix.TILE_ROWS;
    private static final int HALF = ROWS / 2;
    private static final int FOURS = Q8Matrix.GROUP / 4;
    private static final int FOUR_BYTES = 4 * ROWS;
    private static final int QUARTER = 4;
    private static final VectorSpecies<Double> DOUBLES = DoubleVector.SPECIES_256;

    private GemmQ8() {}

    /** A thread's arrays. */
    static final class Memory {

        private final byte[] some = new byte[4096];
        private final byte[] q = new byte[Q8Matrix.GROUP];

        /** For each four values of a column, q[0] and q[2] in an int, and q[1] and q[3]. */
        private final int[][] even = new int[COLUMNS][GROUPS * FOURS];

        private final int[][] odd = new int[COLUMNS][GROUPS * FOURS];
        private final double[][] multipliers = new double[COLUMNS][GROUPS];
        private final short[] halves = new short[GROUPS * ROWS];
        private final float[] scales = new float[GROUPS * ROWS];
        private final double[][] sums = new double[COLUMNS][TILES * ROWS];
        private final int[] sumsOfGroup = new int[COLUMNS * ROWS];
    }

    /** Whether the codes are off the heap and the sums of products fit. */
    static boolean takes(Q8Matrix w, I8Batch x, Memory memory) {
        if (!NativeMemory.is(w.codes())) {
            return false;
        }
        for (int i = 0; i < x.columns(); i++) {
            if (hasSmallest(x.column(i).segment(), w.cols(), memory.some)) {
                return false;
            }
        }
        return true;
    }

    private static boolean hasSmallest(MemorySegment q, int length, byte[] some) {
        for (int at = 0; at < length; at += some.length) {
            int count = Math.min(some.length, length - at);
            MemorySegment.copy(q, JAVA_BYTE, at, some, 0, count);
            int smallest = 0;
            for (int i = 0; i < count; i++) {
                smallest = Math.min(smallest, some[i]);
            }
            if (smallest == Byte.MIN_VALUE) {
                return true;
            }
        }
        return false;
    }

    static void rows(Q8Matrix w, Memory memory, I8Batch x, int fromRow, int toRow, F32Vector y) {
        for (int column = 0; column < x.columns(); column += COLUMNS) {
            int last = Math.min(column + 1, x.columns() - 1); // A single column is its own partner.
            for (int first = fromRow / ROWS * ROWS; first < toRow; first += TILES * ROWS) {
                int tiles = Math.min(TILES, Math.ceilDiv(toRow - first, ROWS));
                for (double[] sums : memory.sums) {
                    Arrays.fill(sums, 0);
                }
                for (int group = 0; group < w.groups(); group += GROUPS) {
                    int groups = Math.min(GROUPS, w.groups() - group);
                    if (first <= fromRow || w.groups() > GROUPS) {
                        arrange(w, x.column(column), group, groups, memory, 0);
                        arrange(w, x.column(last), group, groups, memory, 1);
                    }
                    for (int tile = 0; tile < tiles; tile++) {
                        addTile(w, first + tile * ROWS, group, groups, memory, tile * ROWS);
                    }
                }
                int from = Math.max(first, fromRow);
                int to = Math.min(first + tiles * ROWS, toRow);
                for (int i = column; i <= last; i++) {
                    for (int row = from; row < to; row++) {
                        float sum = (float) memory.sums[i - column][row - first];
                        y.set((long) i * w.rows() + row, sum / x.column(i).scale());
                    }
                }
            }
        }
    }

    /** Zeros replace what is past the last column, so that padding codes add nothing. */
    private static void arrange(Q8Matrix w, I8Vector x, int fromGroup, int groups, Memory memory, int place) {
        byte[] q = memory.q;
        for (int group = 0; group < groups; group++) {
            int col = (fromGroup + group) * Q8Matrix.GROUP;
            int count = Math.min(Q8Matrix.GROUP, w.cols() - col);
            Arrays.fill(q, count, Q8Matrix.GROUP, (byte) 0);
            MemorySegment.copy(x.segment(), JAVA_BYTE, col, q, 0, count);
            for (int i = 0; i < FOURS; i++) {
                memory.even[place][group * FOURS + i] = pair(q[4 * i], q[4 * i + 2]);
                memory.odd[place][group * FOURS + i] = pair(q[4 * i + 1], q[4 * i + 3]);
            }
            memory.multipliers[place][group] = x.multiplier(fromGroup + group);
        }
    }

    private static int pair(byte low, byte high) {
        return (low & 0xFFFF) | (high << Short.SIZE);
    }

    private static void addTile(Q8Matrix w, int row, int fromGroup, int groups, Memory memory, int at) {
        MemorySegment.copy(w.scales(), JAVA_SHORT, w.scaleAt(row, fromGroup), memory.halves, 0, groups * ROWS);
        for (int i = 0; i < groups * ROWS; i++) {
            memory.scales[i] = Float.float16ToFloat(memory.halves[i]);
        }
        long offset = w.codeAt(row, fromGroup * Q8Matrix.GROUP);
        for (int group = 0; group < groups; group++) {
            sumsOfGroup(w.codes(), offset + (long) group * Q8Matrix.BLOCK_BYTES, memory, group * FOURS);
            addGroup(memory, group, at);
        }
    }

    /** The sums of a group for both columns. */
    private static void sumsOfGroup(MemorySegment anyCodes, long offset, Memory memory, int from) {
        MemorySegment codes = NativeMemory.exact(anyCodes);
        int[] even0 = memory.even[0];
        int[] even1 = memory.even[1];
        int[] odd0 = memory.odd[0];
        int[] odd1 = memory.odd[1];
        IntVector low0 = IntVector.zero(Lanes.INTS);
        IntVector low1 = low0;
        IntVector high0 = low0;
        IntVector high1 = low0;
        for (int i = 0; i < FOURS; i++) {
            long at = offset + (long) i * FOUR_BYTES;
            ShortVector evenQ0 = shorts(even0[from + i]);
            ShortVector oddQ0 = shorts(odd0[from + i]);
            ShortVector evenQ1 = shorts(even1[from + i]);
            ShortVector oddQ1 = shorts(odd1[from + i]);
            ShortVector low = ShortVector.fromMemorySegment(Lanes.SHORTS, codes, at, Lanes.ORDER);
            ShortVector even = low.lanewise(VectorOperators.LSHL, Byte.SIZE).lanewise(VectorOperators.ASHR, Byte.SIZE);
            ShortVector odd = low.lanewise(VectorOperators.ASHR, Byte.SIZE);
            low0 = low0.add(GemvI8.widened(even.mul(evenQ0).add(odd.mul(oddQ0))));
            low1 = low1.add(GemvI8.widened(even.mul(evenQ1).add(odd.mul(oddQ1))));
            ShortVector high = ShortVector.fromMemorySegment(Lanes.SHORTS, codes, at + Lanes.BYTES, Lanes.ORDER);
            even = high.lanewise(VectorOperators.LSHL, Byte.SIZE).lanewise(VectorOperators.ASHR, Byte.SIZE);
            odd = high.lanewise(VectorOperators.ASHR, Byte.SIZE);
            high0 = high0.add(GemvI8.widened(even.mul(evenQ0).add(odd.mul(oddQ0))));
            high1 = high1.add(GemvI8.widened(even.mul(evenQ1).add(odd.mul(oddQ1))));
        }
        low0.intoArray(memory.sumsOfGroup, 0);
        high0.intoArray(memory.sumsOfGroup, HALF);
        low1.intoArray(memory.sumsOfGroup, ROWS);
        high1.intoArray(memory.sumsOfGroup, ROWS + HALF);
    }

    private static ShortVector shorts(int pair) {
        return IntVector.broadcast(Lanes.INTS, pair).reinterpretAsShorts();
    }

    /** Adds a group's sums, times multipliers and scales, which is exact. */
    private static void addGroup(Memory memory, int group, int at) {
        double[] sums0 = memory.sums[0];
        double[] sums1 = memory.sums[1];
        DoubleVector multiplier0 = DoubleVector.broadcast(DOUBLES, memory.multipliers[0][group]);
        DoubleVector multiplier1 = DoubleVector.broadcast(DOUBLES, memory.multipliers[1][group]);
        for (int row = 0; row < ROWS; row += QUARTER) {
            DoubleVector scale =
                    (DoubleVector) FloatVector.fromArray(FloatVector.SPECIES_128, memory.scales, group * ROWS + row)
                            .convertShape(VectorOperators.F2D, DOUBLES, 0);
            DoubleVector product0 =
                    doubles(memory.sumsOfGroup, row).mul(multiplier0).mul(scale);
            DoubleVector product1 =
                    doubles(memory.sumsOfGroup, ROWS + row).mul(multiplier1).mul(scale);
            product0.add(DoubleVector.fromArray(DOUBLES, sums0, at + row)).intoArray(sums0, at + row);
            product1.add(DoubleVector.fromArray(DOUBLES, sums1, at + row)).intoArray(sums1, at + row);
        }
    }

    private static DoubleVector doubles(int[] sums, int at) {
        return (DoubleVector)
                IntVector.fromArray(IntVector.SPECIES_128, sums, at).convertShape(VectorOperators.I2D, DOUBLES, 0);
    }
}
