package io.qk256.spi.support;

import io.qk256.spi.Q8Matrix;
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
     * Rounds whole tiles of rows.
     *
     * @param weights all rows of the matrix one after the other, f16 in little-endian byte order, off the heap
     * @param to off the heap, with a number of columns that is a multiple of {@value Q8Matrix#GROUP}
     * @param fromRow first row, a multiple of {@value Q8Matrix#TILE_ROWS}
     * @param toRow one past the last row, a multiple as well
     * @return whether all weights are finite; if not, their codes mean nothing
     * @throws IllegalArgumentException if memory, columns or rows are others than expected
     */
    boolean round(MemorySegment weights, Q8Matrix to, int fromRow, int toRow);

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
