package io.qk256.avx2.vector;

import io.qk256.spi.Qk256;
import io.qk256.spi.Qk256Matrix;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import org.jspecify.annotations.Nullable;

/**
 * Dequantizes 16 weights at a time: every lane holds the same four packed bytes, shifts them by twice its lane number,
 * and looks the code up among the four scaled values. A row is padded to a whole block, so reading four bytes at its
 * end is always valid.
 */
final class Dequantize {

    private static final ValueLayout.OfInt CODES = ValueLayout.JAVA_INT_UNALIGNED.withOrder(Lanes.ORDER);
    private static final int WEIGHTS_IN_INT = 16;
    /**
     * Weights per iteration of the off-heap loop: doubling it was a quarter faster; with more it would no longer be
     * inlined.
     */
    private static final int STEP = 2 * WEIGHTS_IN_INT;

    private static final int LANES = Lanes.INTS.length();

    private static final IntVector LOW_SHIFTS = IntVector.zero(Lanes.INTS).addIndex(2);
    private static final IntVector HIGH_SHIFTS = LOW_SHIFTS.add(WEIGHTS_IN_INT);

    private Dequantize() {}

    static void rows(Qk256Matrix w, Scratch scratch, int fromRow, int toRow, MemorySegment out) {
        for (int row = fromRow; row < toRow; row++) {
            for (int block = 0; block < w.blocks(); block += Scratch.BLOCKS) {
                long first = (long) (row - fromRow) * w.cols() + (long) block * Qk256.BLOCK_WEIGHTS;
                part(w, scratch, row, block, Scratch.blocks(w, block), out, first);
            }
        }
    }

    /** Dequantizes some blocks of a row to the values starting at {@code first}. */
    private static void part(
            Qk256Matrix w, Scratch scratch, int row, int block, int blocks, MemorySegment out, long first) {
        if (NativeMemory.is(out)) {
            part(w, scratch, row, block, blocks, out, first, null);
        } else if (out.heapBase().orElse(null) instanceof float[] array) {
            part(w, scratch, row, block, blocks, MemorySegment.NULL, out.address() / Float.BYTES + first, array);
        } else {
            MemorySegment values = scratch.rowValues();
            part(w, scratch, row, block, blocks, values, 0, null);
            long weights = Math.min(blocks * Qk256.BLOCK_WEIGHTS, w.cols() - block * Qk256.BLOCK_WEIGHTS);
            MemorySegment.copy(values, 0, out, first * Float.BYTES, weights * Float.BYTES);
        }
    }

    /** The same to off-heap memory, or to the array if there is one. */
    private static void part(
            Qk256Matrix w,
            Scratch scratch,
            int row,
            int fromBlock,
            int blocks,
            MemorySegment out,
            long first,
            float @Nullable [] array) {
        MemorySegment codes = scratch.codes(w, row, fromBlock, blocks);
        long offset = Scratch.offset(w, row, 0, fromBlock, blocks);
        float[] codebook = scratch.codebook(w);
        int firstColumn = fromBlock * Qk256.BLOCK_WEIGHTS;
        int columns = Math.min(blocks * Qk256.BLOCK_WEIGHTS, w.cols() - firstColumn);
        int step = w.hasGroupScales() ? w.group() : columns;
        for (int col = 0; col < columns; col += step) {
            float scale = w.scale(row, (firstColumn + col) / w.group());
            int weights = Math.min(step, columns - col);
            long from = offset + (col >> 2);
            long to = first + col;
            if (array == null) {
                toMemory(codes, from, codebook, scale, out, to, weights);
            } else {
                toArray(codes, from, codebook, scale, array, Math.toIntExact(to), weights);
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
        MemorySegment codes = NativeMemory.exact(anyCodes);
        MemorySegment out = NativeMemory.exact(anyOut);
        long start = first * Float.BYTES;
        IntVector table =
                FloatVector.fromArray(Lanes.FLOATS, codebook, 0).mul(scale).reinterpretAsInts();
        int whole = weights & -STEP;
        for (int i = 0; i < whole; i += STEP) {
            long from = offset + (i >> 2);
            long to = start + (long) i * Float.BYTES;
            IntVector packed = IntVector.broadcast(Lanes.INTS, codes.get(CODES, from));
            packed.lanewise(VectorOperators.LSHR, LOW_SHIFTS)
                    .selectFrom(table)
                    .reinterpretAsFloats()
                    .intoMemorySegment(out, to, ByteOrder.nativeOrder());
            packed.lanewise(VectorOperators.LSHR, HIGH_SHIFTS)
                    .selectFrom(table)
                    .reinterpretAsFloats()
                    .intoMemorySegment(out, to + Lanes.BYTES, ByteOrder.nativeOrder());
            packed = IntVector.broadcast(Lanes.INTS, codes.get(CODES, from + Integer.BYTES));
            packed.lanewise(VectorOperators.LSHR, LOW_SHIFTS)
                    .selectFrom(table)
                    .reinterpretAsFloats()
                    .intoMemorySegment(out, to + 2L * Lanes.BYTES, ByteOrder.nativeOrder());
            packed.lanewise(VectorOperators.LSHR, HIGH_SHIFTS)
                    .selectFrom(table)
                    .reinterpretAsFloats()
                    .intoMemorySegment(out, to + 3L * Lanes.BYTES, ByteOrder.nativeOrder());
        }
        if (whole < weights) {
            restToMemory(codes, offset + (whole >> 2), codebook, scale, out, first + whole, weights - whole);
        }
    }

    /**
     * Dequantizes the weights that do not fill a step. Not inlined, so that the loop above is small enough to be
     * inlined.
     */
    private static void restToMemory(
            MemorySegment anyCodes,
            long offset,
            float[] codebook,
            float scale,
            MemorySegment anyOut,
            long first,
            int weights) {
        MemorySegment codes = NativeMemory.exact(anyCodes);
        MemorySegment out = NativeMemory.exact(anyOut);
        IntVector table =
                FloatVector.fromArray(Lanes.FLOATS, codebook, 0).mul(scale).reinterpretAsInts();
        for (int i = 0; i < weights; i += LANES) {
            int packed = codes.get(CODES, offset + ((i >> 2) & -Integer.BYTES)) >>> (2 * (i & LANES));
            IntVector.broadcast(Lanes.INTS, packed)
                    .lanewise(VectorOperators.LSHR, LOW_SHIFTS)
                    .selectFrom(table)
                    .reinterpretAsFloats()
                    .intoMemorySegment(
                            out,
                            (first + i) * Float.BYTES,
                            ByteOrder.nativeOrder(),
                            Lanes.FLOATS.indexInRange(0, weights - i));
        }
    }

    private static void toArray(
            MemorySegment anyCodes, long offset, float[] codebook, float scale, float[] out, int first, int weights) {
        MemorySegment codes = NativeMemory.exact(anyCodes);
        IntVector table =
                FloatVector.fromArray(Lanes.FLOATS, codebook, 0).mul(scale).reinterpretAsInts();
        int whole = weights & -WEIGHTS_IN_INT;
        for (int i = 0; i < whole; i += WEIGHTS_IN_INT) {
            IntVector packed = IntVector.broadcast(Lanes.INTS, codes.get(CODES, offset + (i >> 2)));
            packed.lanewise(VectorOperators.LSHR, LOW_SHIFTS)
                    .selectFrom(table)
                    .reinterpretAsFloats()
                    .intoArray(out, first + i);
            packed.lanewise(VectorOperators.LSHR, HIGH_SHIFTS)
                    .selectFrom(table)
                    .reinterpretAsFloats()
                    .intoArray(out, first + i + LANES);
        }
        int left = weights - whole;
        if (left > 0) {
            IntVector packed = IntVector.broadcast(Lanes.INTS, codes.get(CODES, offset + (whole >> 2)));
            packed.lanewise(VectorOperators.LSHR, LOW_SHIFTS)
                    .selectFrom(table)
                    .reinterpretAsFloats()
                    .intoArray(out, first + whole, Lanes.FLOATS.indexInRange(0, left));
            if (left > LANES) {
                packed.lanewise(VectorOperators.LSHR, HIGH_SHIFTS)
                        .selectFrom(table)
                        .reinterpretAsFloats()
                        .intoArray(out, first + whole + LANES, Lanes.FLOATS.indexInRange(0, left - LANES));
            }
        }
    }
}
