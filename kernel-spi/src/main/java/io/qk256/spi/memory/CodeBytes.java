package io.qk256.spi.memory;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * Codes in arrays, one a byte, and what becomes codes. All on arrays, because the JVM runs loops over them at full speed
 * whatever kinds of memory segments the program has used before; eight bytes at once, as a {@code long}. Where an int becomes
 * a byte, it goes by way of a float: so the compiler of JDK 25 makes vectors of the loop, six times as fast.
 */
final class CodeBytes {

    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle SHORTS =
            MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);

    /** The lowest bit, the two lowest, and all but the highest bit of each byte. */
    private static final long ONES = 0x01_01_01_01_01_01_01_01L;

    private static final long CODES = 3 * ONES;
    private static final long LOW = 0x7F * ONES;

    /** Sums that {@link #sumOfMagnitudes} has. */
    static final int LANES = 64;

    private static final int MAGNITUDE = 0x7FFF_FFFF;

    private CodeBytes() {}

    /**
     * Packs the first {@code n} codes, four a byte. Writes whole groups of 32; codes past the {@code n}-th become 0 in both
     * arrays.
     *
     * @param codes as many as a multiple of 32
     * @return whether all were codes
     */
    static boolean pack(byte[] codes, int n, byte[] packed) {
        int end = (n + 31) & -32;
        Arrays.fill(codes, n, end, (byte) 0);
        long seen = 0;
        for (int i = 0; i < end; i += 32) {
            long a = (long) LONGS.get(codes, i);
            long b = (long) LONGS.get(codes, i + 8);
            long c = (long) LONGS.get(codes, i + 16);
            long d = (long) LONGS.get(codes, i + 24);
            seen |= a | b | c | d;
            LONGS.set(packed, i >> 2, gather(a) | gather(b) << 16 | gather(c) << 32 | gather(d) << 48);
        }
        return (seen & ~CODES) == 0;
    }

    /** The 16 bits of eight codes. The product moves each pair of neighbours to its place in the highest bits; no two overlap. */
    private static long gather(long codes) {
        long pairs = (codes | codes >>> 6) & 0x000F_000F_000F_000FL;
        return (pairs * (1L << 48 | 1L << 36 | 1L << 24 | 1L << 12)) >>> 48;
    }

    /** Unpacks the first {@code n} codes; up to seven more are written. */
    static void unpack(byte[] packed, int n, byte[] codes) {
        for (int i = 0; i < n; i += 8) {
            long bits = (short) SHORTS.get(packed, i >> 2) & 0xFFFF;
            long fours = (bits | bits << 24) & 0x0000_00FF_0000_00FFL;
            long pairs = (fours | fours << 12) & 0x000F_000F_000F_000FL;
            LONGS.set(codes, i, (pairs | pairs << 6) & CODES);
        }
    }

    /** The place of the first that is no code. */
    static int firstBad(byte[] codes, int n) {
        for (int i = 0; i < n; i++) {
            if ((codes[i] & ~3) != 0) {
                return i;
            }
        }
        throw new IllegalArgumentException("all are codes");
    }

    /** Turns −1, 0 and 1 into the codes 0, 1 and 2, and all else into what is none. Up to seven more are changed. */
    static void fromTernary(byte[] values, int n) {
        for (int i = 0; i < n; i += 8) {
            long bytes = (long) LONGS.get(values, i);
            long plusOne = ((bytes & LOW) + ONES) ^ (bytes & ~LOW); // No byte carries into the next.
            long three = plusOne & plusOne >>> 1 & ONES; // A 2 was there: it would be code 3.
            LONGS.set(values, i, plusOne | three << 2);
        }
    }

    /**
     * Code 1 for f32 values whose magnitude is at most {@code half}, else 0 or 2 by the sign.
     *
     * @param bits of finite values
     * @param half the bits of a finite value
     */
    static void fromSigns(int[] bits, int n, int half, byte[] codes) {
        for (int i = 0; i < n; i++) {
            int away = (half - (bits[i] & MAGNITUDE)) >>> 31; // Positive floats compare as their bits do.
            int sign = bits[i] >> 31;
            codes[i] = (byte) (int) (float) (1 + ((away ^ sign) - sign));
        }
    }

    /** The place of each f32 value among four, 4 if it is none of them. Of {@code bits}, -0 may become 0. */
    static void fromValues(int[] bits, int n, int[] values, byte[] codes) {
        int value0 = values[0];
        int value1 = values[1];
        int value2 = values[2];
        int value3 = values[3];
        for (int i = 0; i < n; i++) { // -0 becomes 0.
            bits[i] &= differ(bits[i] & MAGNITUDE, 0) << 31 | MAGNITUDE;
        }
        for (int i = 0; i < n; i++) {
            int past0 = differ(bits[i], value0);
            int past1 = past0 & differ(bits[i], value1);
            int past2 = past1 & differ(bits[i], value2);
            int past3 = past2 & differ(bits[i], value3);
            codes[i] = (byte) (int) (float) (past0 + past1 + past2 + past3);
        }
    }

    /** 1 or 0, without a branch. */
    private static int differ(int a, int b) {
        int bits = a ^ b;
        return (bits | (0 - bits)) >>> 31;
    }

    /** The sum of |x|, in 64 sums of f64 that do not wait for each other. */
    static double sumOfMagnitudes(float[] x, int n, double[] lanes) {
        Arrays.fill(lanes, 0);
        int whole = n & -LANES;
        for (int i = 0; i < whole; i += LANES) {
            for (int j = 0; j < LANES; j++) {
                lanes[j] += Math.abs(x[i + j]);
            }
        }
        double sum = 0;
        for (int i = whole; i < n; i++) {
            sum += Math.abs(x[i]);
        }
        for (double lane : lanes) {
            sum += lane;
        }
        return sum;
    }
}
