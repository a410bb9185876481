package io.qk256.avx2.vector;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.qk256.spi.F32Vector;
import io.qk256.spi.I8Batch;
import io.qk256.spi.I8Vector;
import io.qk256.spi.Q8Matrix;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Objects;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import org.jspecify.annotations.Nullable;

/**
 * {@link GemmQ8} with int8 activations, two columns at a time. An int lane holds four codes of one row. As 16-bit lanes,
 * shifted left and right by 8, it gives the codes of even and of odd columns; the sum of two products fits in 16 bits
 * unless both q are -128, which quantized activations never are.
 */
final class GemmQ8Bytes extends GemmQ8 {

    private static final int COLUMNS = 2;
    private static final int HALF = ROWS / 2;

    private final byte[] some = new byte[4096];
    private final byte[] q = new byte[Q8Matrix.GROUP];

    /** For each four values of a column, q[0] and q[2] in an int, and q[1] and q[3]. */
    private final int[][] even = new int[COLUMNS][GROUPS * FOURS];

    private final int[][] odd = new int[COLUMNS][GROUPS * FOURS];
    private @Nullable I8Batch x;

    GemmQ8Bytes() {
        super(COLUMNS);
    }

    /** Whether the codes are off the heap and the sums of products fit. */
    boolean takes(Q8Matrix w, I8Batch batch) {
        if (!NativeMemory.is(w.codes())) {
            return false;
        }
        for (int i = 0; i < batch.columns(); i++) {
            if (hasSmallest(batch.column(i).segment(), w.cols())) {
                return false;
            }
        }
        return true;
    }

    private boolean hasSmallest(MemorySegment values, int length) {
        for (int at = 0; at < length; at += some.length) {
            int count = Math.min(some.length, length - at);
            MemorySegment.copy(values, JAVA_BYTE, at, some, 0, count);
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

    void rows(Q8Matrix w, I8Batch batch, int fromRow, int toRow, F32Vector y) {
        x = batch;
        try {
            rows(w, batch.columns(), fromRow, toRow, y);
        } finally {
            x = null;
        }
    }

    private I8Vector column(int i) {
        return Objects.requireNonNull(x).column(i);
    }

    @Override
    float scale(int column) {
        return column(column).scale();
    }

    @Override
    void arrange(int column, int fromGroup, int groups, int cols, int place, double[] multipliersOfGroups) {
        I8Vector of = column(column);
        for (int group = 0; group < groups; group++) {
            int col = (fromGroup + group) * Q8Matrix.GROUP;
            int count = Math.min(Q8Matrix.GROUP, cols - col);
            Arrays.fill(q, count, Q8Matrix.GROUP, (byte) 0);
            MemorySegment.copy(of.segment(), JAVA_BYTE, col, q, 0, count);
            for (int i = 0; i < FOURS; i++) {
                even[place][group * FOURS + i] = pair(q[4 * i], q[4 * i + 2]);
                odd[place][group * FOURS + i] = pair(q[4 * i + 1], q[4 * i + 3]);
            }
            multipliersOfGroups[group] = of.multiplier(fromGroup + group);
        }
    }

    private static int pair(byte low, byte high) {
        return (low & 0xFFFF) | (high << Short.SIZE);
    }

    @Override
    void sum(MemorySegment anyCodes, long offset, int group, int columns, int[] sums) {
        sum(anyCodes, offset, group * FOURS, even[0], odd[0], even[1], odd[1], sums);
    }

    private static void sum(
            MemorySegment anyCodes,
            long offset,
            int from,
            int[] even0,
            int[] odd0,
            int[] even1,
            int[] odd1,
            int[] sums) {
        MemorySegment codes = NativeMemory.exact(anyCodes);
        IntVector low0 = IntVector.zero(Lanes.INTS);
        IntVector low1 = low0;
        IntVector high0 = low0;
        IntVector high1 = low0;
        for (int i = 0; i < FOURS; i++) {
            long at = offset + (long) i * FOUR_BYTES;
            ShortVector evenQ0 =
                    IntVector.broadcast(Lanes.INTS, even0[from + i]).reinterpretAsShorts();
            ShortVector oddQ0 = IntVector.broadcast(Lanes.INTS, odd0[from + i]).reinterpretAsShorts();
            ShortVector evenQ1 =
                    IntVector.broadcast(Lanes.INTS, even1[from + i]).reinterpretAsShorts();
            ShortVector oddQ1 = IntVector.broadcast(Lanes.INTS, odd1[from + i]).reinterpretAsShorts();
            ShortVector low = ShortVector.fromMemorySegment(Lanes.SHORTS, codes, at, Lanes.ORDER);
            ShortVector even = low.lanewise(VectorOperators.LSHL, Byte.SIZE).lanewise(VectorOperators.ASHR, Byte.SIZE);
            ShortVector odd = low.lanewise(VectorOperators.ASHR, Byte.SIZE);
            IntVector pairs = even.mul(evenQ0).add(odd.mul(oddQ0)).reinterpretAsInts();
            low0 = low0.add(pairs.lanewise(VectorOperators.ASHR, Short.SIZE))
                    .add(pairs.lanewise(VectorOperators.LSHL, Short.SIZE).lanewise(VectorOperators.ASHR, Short.SIZE));
            pairs = even.mul(evenQ1).add(odd.mul(oddQ1)).reinterpretAsInts();
            low1 = low1.add(pairs.lanewise(VectorOperators.ASHR, Short.SIZE))
                    .add(pairs.lanewise(VectorOperators.LSHL, Short.SIZE).lanewise(VectorOperators.ASHR, Short.SIZE));
            ShortVector high = ShortVector.fromMemorySegment(Lanes.SHORTS, codes, at + Lanes.BYTES, Lanes.ORDER);
            even = high.lanewise(VectorOperators.LSHL, Byte.SIZE).lanewise(VectorOperators.ASHR, Byte.SIZE);
            odd = high.lanewise(VectorOperators.ASHR, Byte.SIZE);
            pairs = even.mul(evenQ0).add(odd.mul(oddQ0)).reinterpretAsInts();
            high0 = high0.add(pairs.lanewise(VectorOperators.ASHR, Short.SIZE))
                    .add(pairs.lanewise(VectorOperators.LSHL, Short.SIZE).lanewise(VectorOperators.ASHR, Short.SIZE));
            pairs = even.mul(evenQ1).add(odd.mul(oddQ1)).reinterpretAsInts();
            high1 = high1.add(pairs.lanewise(VectorOperators.ASHR, Short.SIZE))
                    .add(pairs.lanewise(VectorOperators.LSHL, Short.SIZE).lanewise(VectorOperators.ASHR, Short.SIZE));
        }
        low0.intoArray(sums, 0);
        high0.intoArray(sums, HALF);
        low1.intoArray(sums, ROWS);
        high1.intoArray(sums, ROWS + HALF);
    }
}
