package io.qk256.app.model;

/** Numbers of half precision. */
final class Half {

    private Half() {}

    /** Rounds to f16, half to even, in place. */
    static void round(float[] x, int at, int n) {
        for (int i = at; i < at + n; i++) {
            x[i] = Float.float16ToFloat(Float.floatToFloat16(x[i]));
        }
    }

    /** Widens exactly. */
    static void widen(short[] from, int at, float[] to, int n) {
        widen(from, at, to, 0, n);
    }

    /** Widens exactly, to the places from {@code toAt} on. */
    static void widen(short[] from, int at, float[] to, int toAt, int n) {
        for (int i = 0; i < n; i++) {
            to[toAt + i] = Float.float16ToFloat(from[at + i]);
        }
    }
}
