package io.qk256.app.check;

import io.qk256.spi.F32Vector;
import io.qk256.spi.I8Vector;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;

/**
 * Pseudo-random activations, as floats and quantized as in BitNet.
 *
 * @param floats multiples of 2^-23 in [-1, 1]
 * @param integers the floats times {@code 127 / max|x|}, rounded
 */
record Activations(F32Vector floats, I8Vector integers) {

    static final long SEED = 0x514B323536L;

    private static final int STEPS = 1 << 23;

    /** Returns the same numbers for the same length. */
    static Activations random(Arena arena, int length) {
        SplittableRandom random = new SplittableRandom(SEED);
        F32Vector floats = F32Vector.allocate(arena, length);
        float max = 1f / STEPS;
        for (int i = 0; i < length; i++) {
            float value = random.nextInt(-STEPS, STEPS + 1) / (float) STEPS;
            floats.set(i, value);
            max = Math.max(max, Math.abs(value));
        }
        I8Vector integers = I8Vector.allocate(arena, length);
        integers.scale(127 / max);
        for (int i = 0; i < length; i++) {
            byte quantized = (byte) Math.rint(floats.get(i) * integers.scale());
            integers.segment().set(ValueLayout.JAVA_BYTE, i, quantized);
        }
        return new Activations(floats, integers);
    }

    /** Recorded int8 activations with the floats that they represent. */
    static Activations of(Arena arena, I8Vector integers) {
        F32Vector floats = F32Vector.allocate(arena, integers.length());
        for (long i = 0; i < integers.length(); i++) {
            floats.set(i, integers.segment().get(ValueLayout.JAVA_BYTE, i) / integers.scale());
        }
        return new Activations(floats, integers);
    }
}
