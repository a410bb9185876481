package io.qk256.spi.support;

import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.ServiceLoader;

/**
 * Rounds rows of f16 weights to 8 bits, as ggml's {@code Q8_0}: for each group of 32,
 * {@code scale = max |w| / 127}, rounded to f16, and {@code code = round(w * (1 / scale))}, half to even, at most 127. A
 * program that starts has compiled little Java, so the native kernel provides this as a service. Stateless and
 * thread-safe.
 */
public interface Q8Rounding {

    /**
     * Rounds tiles of 16 rows. All memory is off the heap.
     *
     * @param weights rows one after the other, f16 in little-endian byte order; their number is a multiple of 16
     * @param cols the columns of a row, a multiple of 32
     * @param codes receives the codes as {@code Q8Matrix} orders them, a byte for each weight
     * @param scales receives the scales in the same way, f16 for each 32 weights
     * @return whether all weights are finite; if not, the codes mean nothing
     * @throws IllegalArgumentException if memory or columns are others than expected
     */
    boolean round(MemorySegment weights, int cols, MemorySegment codes, MemorySegment scales);

    /** A module that may have such code. */
    interface Source {

        /** The code, unless this machine lacks something. */
        Optional<Q8Rounding> rounding();
    }

    /** Finds code that this machine can use. */
    static Optional<Q8Rounding> find() {
        return ServiceLoader.load(Source.class, Q8Rounding.class.getClassLoader()).stream()
                .map(ServiceLoader.Provider::get)
                .flatMap(source -> source.rounding().stream())
                .findFirst();
    }
}
