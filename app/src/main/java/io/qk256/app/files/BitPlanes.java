package io.qk256.app.files;

import java.lang.foreign.MemorySegment;

/**
 * I2_S and TQ2_0 hold 128 weights in 32 bytes as four planes: byte {@code m} has the weights {@code m}, {@code 32 + m},
 * {@code 64 + m}, {@code 96 + m}. QK256 wants four neighbours in a byte. So four bytes, as a 4 by 4 matrix of 2-bit
 * codes, become their transpose.
 *
 * <p>Sources: microsoft/BitNet {@code src/ggml-bitnet-mad.cpp}, {@code quantize_i2_s}: the first plane has the highest
 * bits; ggml-org/ggml {@code src/ggml-quants.c}, {@code dequantize_row_tq2_0}: the first plane has the lowest.
 */
final class BitPlanes {

    private static final int GROUP_BYTES = 32;
    private static final int LOW_BITS = 0x55555555;

    private BitPlanes() {}

    /** Repacks one group of 128 weights of I2_S; false if a code is 3. */
    static boolean fromI2s(MemorySegment from, long fromOffset, MemorySegment to, long toOffset) {
        return group(from, fromOffset, true, to, toOffset);
    }

    /** Repacks one block of 256 weights of TQ2_0, two groups. */
    static void fromTq2(MemorySegment from, long fromOffset, MemorySegment to, long toOffset) {
        group(from, fromOffset, false, to, toOffset);
        group(from, fromOffset + GROUP_BYTES, false, to, toOffset + GROUP_BYTES);
    }

    private static boolean group(
            MemorySegment from, long fromOffset, boolean firstPlaneHighest, MemorySegment to, long toOffset) {
        long plane0 = 0;
        long plane1 = 0;
        long plane2 = 0;
        long plane3 = 0;
        int threes = 0;
        for (int i = 0; i < Long.BYTES; i++) {
            int codes = from.get(LittleEndian.I32, fromOffset + 4L * i);
            threes |= codes & (codes >>> 1) & LOW_BITS;
            int neighbours = transpose(codes);
            if (firstPlaneHighest) {
                neighbours = Integer.reverseBytes(neighbours);
            }
            int shift = 8 * i;
            plane0 |= (neighbours & 0xFFL) << shift;
            plane1 |= (neighbours >>> 8 & 0xFFL) << shift;
            plane2 |= (neighbours >>> 16 & 0xFFL) << shift;
            plane3 |= (neighbours >>> 24 & 0xFFL) << shift;
        }
        to.set(LittleEndian.I64, toOffset, plane0);
        to.set(LittleEndian.I64, toOffset + 8, plane1);
        to.set(LittleEndian.I64, toOffset + 16, plane2);
        to.set(LittleEndian.I64, toOffset + 24, plane3);
        return threes == 0;
    }

    /** Swaps field {@code j} of byte {@code i} with field {@code i} of byte {@code j}: first one by one, then two by two. */
    private static int transpose(int codes) {
        int ones = (codes ^ (codes >>> 6)) & 0x00CC00CC;
        int half = codes ^ ones ^ (ones << 6);
        int twos = (half ^ (half >>> 12)) & 0x0000F0F0;
        return half ^ twos ^ (twos << 12);
    }
}
