package io.qk256.avx2.vector;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import io.qk256.spi.Codebook;
import io.qk256.spi.Qk256;
import io.qk256.spi.Qk256Matrix;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Decodes 16 weights at a time: four packed bytes in every lane, shifted by twice the lane's number, then looked up among
 * the four scaled values.
 */
final class Dequantize {

    private static final ValueLayout.OfInt CODES = ValueLayout.JAVA_INT_UNALIGNED.withOrder(Lanes.ORDER);
    private static final int WEIGHTS_IN_INT = 16;

    private static final IntVector LOW_SHIFTS = IntVector.zero(Lanes.INTS).addIndex(2);
    private static final IntVector HIGH_SHIFTS = LOW_SHIFTS.add(WEIGHTS_IN_INT);

    private Dequantize() {}

    static void rows(Qk256Matrix w, Scratch scratch, int fromRow, int toRow, MemorySegment out) {
        boolean direct = NativeMemory.is(out);
        long rowBytes = (long) w.cols() * Float.BYTES;
        for (int row = fromRow; row < toRow; row++) {
            long start = (row - fromRow) * rowBytes;
            MemorySegment codes = scratch.codes(w, row);
            long offset = scratch.offset(w, row, 0);
            if (direct) {
                row(w, row, codes, offset, out, start);
            } else {
                MemorySegment values = scratch.rowValues(w.cols());
                row(w, row, codes, offset, values, 0);
                MemorySegment.copy(values, 0, out, start, rowBytes);
            }
        }
    }

    private static void row(Qk256Matrix w, int row, MemorySegment codes, long offset, MemorySegment out, long start) {
        Codebook codebook = w.codebook();
        if (w.blockScales().isEmpty()) {
            float scale = w.tensorScale();
            values(
                    codes,
                    offset,
                    codebook.value0() * scale,
                    codebook.value1() * scale,
                    codebook.value2() * scale,
                    codebook.value3() * scale,
                    out,
                    start,
                    w.cols());
            return;
        }
        int blocks = w.blocks();
        for (int block = 0; block < blocks; block++) {
            float scale = w.scale(row, block);
            int first = block * Qk256.BLOCK_WEIGHTS;
            values(
                    codes,
                    offset + (long) block * Qk256.BLOCK_BYTES,
                    codebook.value0() * scale,
                    codebook.value1() * scale,
                    codebook.value2() * scale,
                    codebook.value3() * scale,
                    out,
                    start + (long) first * Float.BYTES,
                    Math.min(Qk256.BLOCK_WEIGHTS, w.cols() - first));
        }
    }

    private static void values(
            MemorySegment anyCodes,
            long offset,
            float v0,
            float v1,
            float v2,
            float v3,
            MemorySegment anyOut,
            long start,
            int weights) {
        MemorySegment codes = NativeMemory.exact(anyCodes);
        MemorySegment out = NativeMemory.exact(anyOut);
        IntVector table = Lanes.table(v0, v1, v2, v3);
        int whole = weights & -WEIGHTS_IN_INT;
        for (int i = 0; i < whole; i += WEIGHTS_IN_INT) {
            IntVector packed = IntVector.broadcast(Lanes.INTS, codes.get(CODES, offset + (i >> 2)));
            long to = start + (long) i * Float.BYTES;
            packed.lanewise(VectorOperators.LSHR, LOW_SHIFTS)
                    .selectFrom(table)
                    .reinterpretAsFloats()
                    .intoMemorySegment(out, to, ByteOrder.nativeOrder());
            packed.lanewise(VectorOperators.LSHR, HIGH_SHIFTS)
                    .selectFrom(table)
                    .reinterpretAsFloats()
                    .intoMemorySegment(out, to + Lanes.BYTES, ByteOrder.nativeOrder());
        }
        for (int i = whole; i < weights; i++) {
            int code = Qk256.code(codes, offset * 4 + i);
            float value = code < 2 ? (code == 0 ? v0 : v1) : (code == 2 ? v2 : v3);
            out.set(JAVA_FLOAT, start + (long) i * Float.BYTES, value);
        }
    }
}
