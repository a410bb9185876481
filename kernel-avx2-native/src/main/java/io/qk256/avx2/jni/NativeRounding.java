package io.qk256.avx2.jni;

import io.qk256.spi.KernelUnavailableException;
import io.qk256.spi.Q8Matrix;
import io.qk256.spi.support.Q8Rounding;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.util.Optional;

/** Rounds f16 weights to 8 bits in C with AVX2. */
public final class NativeRounding implements Q8Rounding, Q8Rounding.Source {

    /** Called by the service loader. */
    public NativeRounding() {}

    /** None where the JVM would warn of native code: nobody has chosen the native kernel yet. */
    @Override
    public Optional<Q8Rounding> rounding() {
        if (!NativeRounding.class.getModule().isNativeAccessEnabled()) {
            return Optional.empty();
        }
        try {
            NativeLibrary.load();
            Avx2NativeProvider.requireCpu(Native.missingCpuFeatures());
        } catch (KernelUnavailableException e) { // The list of kernels says why.
            return Optional.empty();
        }
        return Optional.of(this);
    }

    @Override
    public boolean round(MemorySegment weights, Q8Matrix to, int fromRow, int toRow) {
        require(weights.isNative() && to.isOffHeap(), "memory: on the heap, expected off the heap");
        require(to.cols() % Q8Matrix.GROUP == 0, "columns: " + to.cols() + ", expected a multiple of 32");
        require(
                weights.byteSize() == (long) to.rows() * to.cols() * Short.BYTES,
                "weights: " + weights.byteSize() + " bytes, expected 2 for each of " + to);
        boolean tiles = fromRow % Q8Matrix.TILE_ROWS == 0 && toRow % Q8Matrix.TILE_ROWS == 0;
        require(
                tiles && 0 <= fromRow && fromRow <= toRow && toRow <= to.rows(),
                "rows: " + fromRow + " to " + toRow + " of " + to.rows() + ", expected multiples of 16");
        try {
            return Native.roundQ8(
                    weights.address() + (long) fromRow * to.cols() * Short.BYTES,
                    (toRow - fromRow) / Q8Matrix.TILE_ROWS,
                    to.cols(),
                    to.codesAddress(fromRow),
                    to.scalesAddress(fromRow));
        } finally {
            Reference.reachabilityFence(weights);
            Reference.reachabilityFence(to);
        }
    }

    private static void require(boolean condition, String otherwise) {
        if (!condition) {
            throw new IllegalArgumentException(otherwise);
        }
    }
}
