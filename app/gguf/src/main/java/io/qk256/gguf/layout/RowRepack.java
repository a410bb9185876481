package io.qk256.gguf.layout;

import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufTensor;
import io.qk256.spi.Codebook;
import io.qk256.spi.Qk256;
import io.qk256.spi.Qk256Matrix;
import io.qk256.spi.memory.HugePages;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** The repacking of one tensor, in pieces that several threads may work on at once. */
abstract sealed class RowRepack permits I2sRepack, BlockRepack {

    static final long CACHE_LINE = 64;

    final GgufTensor tensor;

    /** The result, without scales. */
    final Qk256Matrix matrix;

    /** Allocates the result. */
    RowRepack(GgufTensor tensor, Arena arena) throws GgufException {
        this.tensor = tensor;
        int rows = side(tensor, "rows", tensor.rows());
        int cols = side(tensor, "columns", tensor.cols());
        MemorySegment codes = HugePages.allocate(arena, rows * Qk256.rowBytes(cols));
        this.matrix = Qk256Matrix.of(codes, rows, cols, Codebook.TERNARY);
    }

    /** @param arena receives the result; shared if several threads will work on it */
    static RowRepack of(GgufTensor tensor, Arena arena) throws GgufException {
        return tensor.type().isI2s() ? new I2sRepack(tensor, arena) : new BlockRepack(tensor, arena);
    }

    /**
     * Repacks some rows. No two calls may share a row.
     *
     * @param from the first, a multiple of four
     * @param to behind the last: a multiple of four, or the number of rows
     */
    abstract void rows(int from, int to) throws GgufException;

    /** The result with its scales, after all rows. */
    abstract Qk256Matrix finish(Arena arena) throws GgufException;

    private static int side(GgufTensor tensor, String what, long value) throws GgufException {
        if (value > Integer.MAX_VALUE) {
            throw new GgufException(tensor + ": has " + value + " " + what + ", expected at most " + Integer.MAX_VALUE
                    + "; split the tensor");
        }
        return (int) value;
    }

    static void requireFinite(GgufTensor tensor, float scale, String what) throws GgufException {
        if (!Float.isFinite(scale)) {
            throw new GgufException(
                    tensor + ": " + what + " is " + scale + ", expected a finite number; the data is damaged");
        }
    }
}
