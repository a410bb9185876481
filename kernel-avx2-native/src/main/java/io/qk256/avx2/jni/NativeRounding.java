package io.qk256.avx2.jni;

import io.qk256.spi.support.Q8Rounding;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.util.Optional;

/** Rounds f16 weights to 8 bits in C with AVX2. */
public final class NativeRounding implements Q8Rounding, Q8Rounding.Source {

    private static final int TILE_ROWS = 16;
    private static final int GROUP = 32;

    /** Called by the service loader. */
    public NativeRounding() {}

    /** None where the JVM would warn of native code: nobody has chosen the native kernel yet. */
    @Override
    public Optional<Q8Rounding> rounding() {
        return Avx2NativeProvider.mayLoadWithoutWarning() && Avx2NativeProvider.isUsable()
                ? Optional.of(this)
                : Optional.empty();
    }

    @Override
    public boolean round(MemorySegment weights, int cols, MemorySegment codes, MemorySegment scales) {
        require(
                weights.isNative() && codes.isNative() && scales.isNative(),
                "memory: on the heap, expected off the heap");
        require(cols > 0 && cols % GROUP == 0, "columns: " + cols + ", expected a multiple of 32");
        long tileBytes = (long) TILE_ROWS * cols * Short.BYTES;
        require(
                weights.byteSize() % tileBytes == 0,
                "weights: " + weights.byteSize() + " bytes, expected a multiple of " + tileBytes);
        long n = weights.byteSize() / Short.BYTES;
        long scalesBytes = n / GROUP * Short.BYTES;
        require(codes.byteSize() == n, "codes: " + codes.byteSize() + " bytes, expected " + n);
        require(scales.byteSize() == scalesBytes, "scales: " + scales.byteSize() + " bytes, expected " + scalesBytes);
        try {
            return Native.roundQ8(
                    weights.address(),
                    Math.toIntExact(weights.byteSize() / tileBytes),
                    cols,
                    codes.address(),
                    scales.address());
        } finally {
            Reference.reachabilityFence(weights);
            Reference.reachabilityFence(codes);
            Reference.reachabilityFence(scales);
        }
    }

    private static void require(boolean condition, String otherwise) {
        if (!condition) {
            throw new IllegalArgumentException(otherwise);
        }
    }
}
