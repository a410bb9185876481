package io.qk256.gguf.layout;

import io.qk256.gguf.LittleEndian;
import java.lang.foreign.MemorySegment;

/**
 * Repacks bit planes to QK256. I2_S and TQ2_0 hold 128 weights in 32 bytes as four planes: byte {@code m} has the
 * weights {@code m}, {@code 32 + m}, {@code 64 + m}, {@code 96 + m}. QK256 has four neighboring weights in a byte.
 *
 * <p>Repacking moves two-bit fields. Of the seven bits of a field's index in the group, two select one of the four
 * planes; they are the lowest bits and must become the highest. Six swaps of one index bit with the highest one achieve
 * this; each swap moves half of the fields of all 32 bytes at once.
 *
 * <p>Sources: microsoft/BitNet {@code src/ggml-bitnet-mad.cpp}, {@code quantize_i2_s}: the first plane has the highest
 * bits; ggml-org/ggml {@code src/ggml-quants.c}, {@code dequantize_row_tq2_0}: the first plane has the lowest.
 */
final class BitPlanes {

    static final int GROUP_BYTES = 32;
    private static final long LOW_BITS = 0x5555555555555555L;

    private BitPlanes() {}

    /**
     * Repacks groups whose first plane is in the highest bits of each byte.
     *
     * @return 0 if no code is 3
     */
    static long fromHighestFirst(MemorySegment from, long fromOffset, MemorySegment to, long toOffset, int groups) {
        long threes = 0;
        for (int group = 0; group < groups; group++) {
            long offset = (long) group * GROUP_BYTES;
            threes |= group(from, fromOffset + offset, to, toOffset + offset, Long.BYTES * 3, -Long.BYTES);
        }
        return threes;
    }

    /** Repacks two groups (256 weights) whose first plane is in the lowest bits of each byte. */
    static void fromLowestFirst(MemorySegment from, long fromOffset, MemorySegment to, long toOffset) {
        group(from, fromOffset, to, toOffset, 0, Long.BYTES);
        group(from, fromOffset + GROUP_BYTES, to, toOffset + GROUP_BYTES, 0, Long.BYTES);
    }

    /**
     * Repacks 128 weights.
     *
     * @param first offset in bytes where the plane in the lowest bits goes
     * @param step from there to the next plane, in bytes
     * @return 0 if no code is 3
     */
    private static long group(
            MemorySegment from, long fromOffset, MemorySegment to, long toOffset, int first, int step) {
        long a = from.get(LittleEndian.I64, fromOffset);
        long b = from.get(LittleEndian.I64, fromOffset + 8);
        long c = from.get(LittleEndian.I64, fromOffset + 16);
        long d = from.get(LittleEndian.I64, fromOffset + 24);
        final long threes = ((a & (a >>> 1)) | (b & (b >>> 1)) | (c & (c >>> 1)) | (d & (d >>> 1))) & LOW_BITS;

        long ac = moved(a, c, 32, 0x00000000FFFFFFFFL);
        a ^= ac << 32;
        c ^= ac;
        long bd = moved(b, d, 32, 0x00000000FFFFFFFFL);
        b ^= bd << 32;
        d ^= bd;
        ac = moved(a, c, 8, 0x00FF00FF00FF00FFL);
        a ^= ac << 8;
        c ^= ac;
        bd = moved(b, d, 8, 0x00FF00FF00FF00FFL);
        b ^= bd << 8;
        d ^= bd;
        ac = moved(a, c, 2, 0x3333333333333333L);
        a ^= ac << 2;
        c ^= ac;
        bd = moved(b, d, 2, 0x3333333333333333L);
        b ^= bd << 2;
        d ^= bd;
        // The swap of the two highest index bits only renames b and c.
        long ab = moved(a, b, 16, 0x0000FFFF0000FFFFL);
        a ^= ab << 16;
        b ^= ab;
        long cd = moved(c, d, 16, 0x0000FFFF0000FFFFL);
        c ^= cd << 16;
        d ^= cd;
        ab = moved(a, b, 4, 0x0F0F0F0F0F0F0F0FL);
        a ^= ab << 4;
        b ^= ab;
        cd = moved(c, d, 4, 0x0F0F0F0F0F0F0F0FL);
        c ^= cd << 4;
        d ^= cd;

        long plane = toOffset + first;
        to.set(LittleEndian.I64, plane, a);
        to.set(LittleEndian.I64, plane + step, c);
        to.set(LittleEndian.I64, plane + 2L * step, b);
        to.set(LittleEndian.I64, plane + 3L * step, d);
        return threes;
    }

    /** The bits in which the high halves of the field pairs of one word differ from the low halves of the other. */
    private static long moved(long high, long low, int distance, long mask) {
        return ((high >>> distance) ^ low) & mask;
    }
}
