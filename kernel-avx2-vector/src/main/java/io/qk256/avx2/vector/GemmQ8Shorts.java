package io.qk256.avx2.vector;

import io.qk256.spi.F32Vector;
import io.qk256.spi.I16Batch;
import io.qk256.spi.Q8Matrix;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Objects;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import org.jspecify.annotations.Nullable;

/** {@link GemmQ8} with int16 activations, four columns at a time. An int lane holds four codes of one row. */
final class GemmQ8Shorts extends GemmQ8 {

    private static final int COLUMNS = 4;
    private static final int LANES = Lanes.INTS.length();

    private final short[] q = new short[Q8Matrix.GROUP];
    private final int[][] values = new int[COLUMNS][GROUPS * Q8Matrix.GROUP];
    private @Nullable I16Batch x;

    GemmQ8Shorts() {
        super(COLUMNS);
    }

    /** Whether the codes are off the heap. */
    static boolean takes(Q8Matrix w) {
        return NativeMemory.is(w.codes());
    }

    void rows(Q8Matrix w, I16Batch batch, int fromRow, int toRow, F32Vector y) {
        x = batch;
        try {
            rows(w, batch.columns(), fromRow, toRow, y);
        } finally {
            x = null;
        }
    }

    @Override
    float scale(int column) {
        return Objects.requireNonNull(x).scale(column);
    }

    @Override
    void arrange(int column, int fromGroup, int groups, int cols, int place, double[] multipliersOfGroups) {
        I16Batch batch = Objects.requireNonNull(x);
        for (int group = 0; group < groups; group++) {
            int col = (fromGroup + group) * Q8Matrix.GROUP;
            int count = Math.min(Q8Matrix.GROUP, cols - col);
            Arrays.fill(q, count, Q8Matrix.GROUP, (short) 0);
            batch.copy(column, col, q, count);
            for (int i = 0; i < Q8Matrix.GROUP; i++) {
                values[place][group * Q8Matrix.GROUP + i] = q[i];
            }
        }
        Arrays.fill(multipliersOfGroups, 0, groups, 1);
    }

    @Override
    void sum(MemorySegment codes, long offset, int group, int columns, int[] sums) {
        int from = group * Q8Matrix.GROUP;
        if (columns == 1) {
            sumOfOne(codes, offset, from, values[0], sums);
            return;
        }
        for (int row = 0; row < ROWS; row += LANES) {
            sum(codes, offset + 4L * row, from, values[0], values[1], values[2], values[3], sums, row);
        }
    }

    /** All rows, so that the additions of four sums overlap. */
    private static void sumOfOne(MemorySegment anyCodes, long offset, int from, int[] values, int[] sums) {
        MemorySegment codes = NativeMemory.exact(anyCodes);
        IntVector low0 = IntVector.zero(Lanes.INTS);
        IntVector low1 = low0;
        IntVector high0 = low0;
        IntVector high1 = low0;
        for (int i = 0; i < FOURS; i++) {
            long at = offset + (long) i * FOUR_BYTES;
            IntVector low = IntVector.fromMemorySegment(Lanes.INTS, codes, at, Lanes.ORDER);
            IntVector high = IntVector.fromMemorySegment(Lanes.INTS, codes, at + Lanes.BYTES, Lanes.ORDER);
            for (int k = 0; k < 4; k += 2) {
                int first = values[from + 4 * i + k];
                int second = values[from + 4 * i + k + 1];
                low0 = low0.add(low.lanewise(VectorOperators.LSHL, 24 - 8 * k)
                        .lanewise(VectorOperators.ASHR, 24)
                        .mul(first));
                low1 = low1.add(low.lanewise(VectorOperators.LSHL, 16 - 8 * k)
                        .lanewise(VectorOperators.ASHR, 24)
                        .mul(second));
                high0 = high0.add(high.lanewise(VectorOperators.LSHL, 24 - 8 * k)
                        .lanewise(VectorOperators.ASHR, 24)
                        .mul(first));
                high1 = high1.add(high.lanewise(VectorOperators.LSHL, 16 - 8 * k)
                        .lanewise(VectorOperators.ASHR, 24)
                        .mul(second));
            }
        }
        low0.add(low1).intoArray(sums, 0);
        high0.add(high1).intoArray(sums, LANES);
    }

    private static void sum(
            MemorySegment anyCodes,
            long offset,
            int from,
            int[] values0,
            int[] values1,
            int[] values2,
            int[] values3,
            int[] sums,
            int row) {
        MemorySegment codes = NativeMemory.exact(anyCodes);
        IntVector sum0 = IntVector.zero(Lanes.INTS);
        IntVector sum1 = sum0;
        IntVector sum2 = sum0;
        IntVector sum3 = sum0;
        for (int i = 0; i < FOURS; i++) {
            IntVector four =
                    IntVector.fromMemorySegment(Lanes.INTS, codes, offset + (long) i * FOUR_BYTES, Lanes.ORDER);
            for (int k = 0; k < 4; k++) {
                IntVector code = four.lanewise(VectorOperators.LSHL, 24 - 8 * k).lanewise(VectorOperators.ASHR, 24);
                int at = from + 4 * i + k;
                sum0 = sum0.add(code.mul(values0[at]));
                sum1 = sum1.add(code.mul(values1[at]));
                sum2 = sum2.add(code.mul(values2[at]));
                sum3 = sum3.add(code.mul(values3[at]));
            }
        }
        sum0.intoArray(sums, row);
        sum1.intoArray(sums, ROWS + row);
        sum2.intoArray(sums, 2 * ROWS + row);
        sum3.intoArray(sums, 3 * ROWS + row);
    }
}
