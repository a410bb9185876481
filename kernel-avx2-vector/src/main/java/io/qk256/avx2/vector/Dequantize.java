package io.qk256.avx2.vector;

import io.qk256.spi.Qk256;
import io.qk256.spi.Qk256Matrix;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import org.jspecify.annotations.Nullable;

/**
 * Decodes 16 weights at a time: four packed bytes in every lane, shifted by twice the lane's number, then looked up among
 * the four scaled values. The codes of a row fill its last block, so the last four bytes are there as well.
 */
final class Dequantize {

    private static final ValueLayout.OfInt CODES = ValueLayout.JAVA_INT_UNALIGNED.withOrder(Lanes.ORDER);
    private static final int CODES_IN_BYTE = 4;
    private static final int WEIGHTS_IN_INT = 16;
    private static final int LANES = Lanes.INTS.length();

    private static final IntVector LOW_SHIFTS = IntVector.zero(Lanes.INTS).addIndex(2);
    private static final IntVector HIGH_SHIFTS = LOW_SHIFTS.add(WEIGHTS_IN_INT);

    private Dequantize() {}

    static void rows(Qk256Matrix w, Scratch scratch, int fromRow, int toRow, MemorySegment out) {
        if (NativeMemory.is(out)) {
            for (int row = fromRow; row < toRow; row++) {
                row(w, scratch, row, out, (long) (row - fromRow) * w.cols(), null);
            }
        } else if (out.heapBase().orElse(null) instanceof float[] array) {
            long first = out.address() / Float.BYTES;
            for (int row = fromRow; row < toRow; row++) {
                row(w, scratch, row, MemorySegment.NULL, first + (long) (row - fromRow) * w.cols(), array);
            }
        } else {
            MemorySegment values = scratch.rowValues(w.cols());
            long rowBytes = (long) w.cols() * Float.BYTES;
            for (int row = fromRow; row < toRow; row++) {
                row(w, scratch, row, values, 0, null);
                MemorySegment.copy(values, 0, out, (row - fromRow) * rowBytes, rowBytes);
            }
        }
    }

    /** Decodes a row to off-heap memory, or to the array if there is one. */
    private static void row(
            Qk256Matrix w, Scratch scratch, int row, MemorySegment out, long first, float @Nullable [] array) {
        MemorySegment codes = scratch.codes(w, row);
        long offset = scratch.offset(w, row, 0);
        float[] codebook = scratch.codebook(w);
        int step = w.blockScales().isEmpty() ? w.cols() : Qk256.BLOCK_WEIGHTS;
        for (int col = 0; col < w.cols(); col += step) {
            float scale = w.scale(row, col / Qk256.BLOCK_WEIGHTS);
            int weights = Math.min(step, w.cols() - col);
            long at = offset + col / CODES_IN_BYTE;
            if (array == null) {
                toMemory(codes, at, codebook, scale, out, first + col, weights);
            } else {
                toArray(codes, at, codebook, scale, array, Math.toIntExact(first + col), weights);
            }
        }
    }

    private static void toMemory(
            MemorySegment anyCodes,
            long offset,
            float[] codebook,
            float scale,
            MemorySegment anyOut,
            long first,
            int weights) {
        // Slices, because range checks leave a loop only if offsets start at 0.
        MemorySegment codes = NativeMemory.exact(anyCodes).asSlice(offset);
        MemorySegment out = NativeMemory.exact(anyOut).asSlice(first * Float.BYTES, (long) weights * Float.BYTES);
        IntVector table =
                FloatVector.fromArray(Lanes.FLOATS, codebook, 0).mul(scale).reinterpretAsInts();
        int whole = weights & -WEIGHTS_IN_INT;
        for (int i = 0; i < whole; i += WEIGHTS_IN_INT) {
            IntVector packed = IntVector.broadcast(Lanes.INTS, codes.get(CODES, i >> 2));
            long to = (long) i * Float.BYTES;
            values(packed, LOW_SHIFTS, table).intoMemorySegment(out, to, ByteOrder.nativeOrder());
            values(packed, HIGH_SHIFTS, table).intoMemorySegment(out, to + Lanes.BYTES, ByteOrder.nativeOrder());
        }
        int left = weights - whole;
        if (left > 0) {
            IntVector packed = IntVector.broadcast(Lanes.INTS, codes.get(CODES, whole >> 2));
            long to = (long) whole * Float.BYTES;
            values(packed, LOW_SHIFTS, table).intoMemorySegment(out, to, ByteOrder.nativeOrder(), lanes(left));
            if (left > LANES) {
                values(packed, HIGH_SHIFTS, table)
                        .intoMemorySegment(out, to + Lanes.BYTES, ByteOrder.nativeOrder(), lanes(left - LANES));
            }
        }
    }

    private static void toArray(
            MemorySegment anyCodes, long offset, float[] codebook, float scale, float[] out, int first, int weights) {
        MemorySegment codes = NativeMemory.exact(anyCodes).asSlice(offset);
        IntVector table =
                FloatVector.fromArray(Lanes.FLOATS, codebook, 0).mul(scale).reinterpretAsInts();
        int whole = weights & -WEIGHTS_IN_INT;
        for (int i = 0; i < whole; i += WEIGHTS_IN_INT) {
            IntVector packed = IntVector.broadcast(Lanes.INTS, codes.get(CODES, i >> 2));
            values(packed, LOW_SHIFTS, table).intoArray(out, first + i);
            values(packed, HIGH_SHIFTS, table).intoArray(out, first + i + LANES);
        }
        int left = weights - whole;
        if (left > 0) {
            IntVector packed = IntVector.broadcast(Lanes.INTS, codes.get(CODES, whole >> 2));
            values(packed, LOW_SHIFTS, table).intoArray(out, first + whole, lanes(left));
            if (left > LANES) {
                values(packed, HIGH_SHIFTS, table).intoArray(out, first + whole + LANES, lanes(left - LANES));
            }
        }
    }

    private static FloatVector values(IntVector packed, IntVector shifts, IntVector table) {
        return packed.lanewise(VectorOperators.LSHR, shifts).selectFrom(table).reinterpretAsFloats();
    }

    /** The first lanes, as many as there are values left. */
    private static VectorMask<Float> lanes(int values) {
        return Lanes.FLOATS.indexInRange(0, values);
    }
}
