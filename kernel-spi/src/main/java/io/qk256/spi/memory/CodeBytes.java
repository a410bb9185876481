package io.qk256.spi.memory;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * Codes in byte arrays, one per byte, and conversions to codes. Everything works on arrays, because the JVM runs array
 * loops at full speed whatever kinds of memory segments the program has used before, and on eight bytes at once as a
 * {@code long}. Conversions from int to byte go through float: only then does the JDK 25 compiler vectorize the loop,
 * which makes it six times as fast.
 */
final class CodeBytes {

    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle SHORTS =
            MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);

    /** The lowest bit of each byte. CODES: the two lowest bits; LOW: all but the highest. */
    private static final long ONES = 0x01_01_01_01_01_01_01_01L;

    private static final long CODES = 3 * ONES;
    private static final long LOW = 0x7F * ONES;

    /** The number of partial sums of {@link #sumOfMagnitudes}. */
    static final int LANES = 64;

    private static final int MAGNITUDE = 0x7FFF_FFFF;

    private CodeBytes() {}

    /**
     * Packs the first {@code n} codes, four per byte. Writes whole groups of 32; codes after the first {@code n} become
     * 0 in both arrays.
     *
     * @param codes its length is at least {@code n} rounded up to a multiple of 32
     * @return whether all values were codes
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

    /**
     * Packs eight codes into 16 bits. The multiplication moves each pair of neighbors to its place in the highest bits;
     * no two overlap.
     */
    private static long gather(long codes) {
        long pairs = (codes | codes >>> 6) & 0x000F_000F_000F_000FL;
        return (pairs * (1L << 48 | 1L << 36 | 1L << 24 | 1L << 12)) >>> 48;
    }

    /** Unpacks the first {@code n} codes; may write up to seven more. */
    static void unpack(byte[] packed, int n, byte[] codes) {
        for (int i = 0; i < n; i += 8) {
            long bits = (short) SHORTS.get(packed, i >> 2) & 0xFFFF;
            long fours = (bits | bits << 24) & 0x0000_00FF_0000_00FFL;
            long pairs = (fours | fours << 12) & 0x000F_000F_000F_000FL;
            LONGS.set(codes, i, (pairs | pairs << 6) & CODES);
        }
    }

    /** Returns the index of the first value that is not a code. */
    static int firstBad(byte[] codes, int n) {
        for (int i = 0; i < n; i++) {
            if ((codes[i] & ~3) != 0) {
                return i;
            }
        }
        throw new IllegalArgumentException("all are codes");
    }

    /**
     * Turns −1, 0 and 1 into the codes 0, 1 and 2, and every other value into a non-code. May change up to seven
     * more.
     */
    static void fromTernary(byte[] values, int n) {
        for (int i = 0; i < n; i += 8) {
            long bytes = (long) LONGS.get(values, i);
            long plusOne = ((bytes & LOW) + ONES) ^ (bytes & ~LOW); // No byte carries into the next.
            long three = plusOne & plusOne >>> 1 & ONES; // The value was 2, which would become code 3.
            LONGS.set(values, i, plusOne | three << 2);
        }
    }

    /**
     * Code 1 for f32 values whose magnitude is at most {@code half}, otherwise 0 or 2 by the sign.
     *
     * @param bits the bits of finite values
     * @param half the bits of a finite value
     */
    static void fromSigns(int[] bits, int n, int half, byte[] codes) {
        for (int i = 0; i < n; i++) {
            int away = (half - (bits[i] & MAGNITUDE)) >>> 31; // Positive floats order as their bits do.
            int sign = bits[i] >> 31;
            codes[i] = (byte) (int) (float) (1 + ((away ^ sign) - sign));
        }
    }

    /**
     * Writes the index of each f32 value among four values, 4 if it is none of them. In {@code bits}, -0 may become
     * 0.
     */
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

    /** Returns 1 if the values differ, else 0, without a branch. */
    private static int differ(int a, int b) {
        int bits = a ^ b;
        return (bits | (0 - bits)) >>> 31;
    }

    /** Returns the sum of |x|, computed as 64 independent f64 sums. */
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
