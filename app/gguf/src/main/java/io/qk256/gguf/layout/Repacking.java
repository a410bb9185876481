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
abstract class Repacking {

    final GgufTensor tensor;

    /** The result, without scales. */
    final Qk256Matrix matrix;

    /** For a tensor that is stored in the layout of the kernels. */
    Repacking(GgufTensor tensor, Qk256Matrix matrix) {
        this.tensor = tensor;
        this.matrix = matrix;
    }

    /** Allocates the result. */
    Repacking(GgufTensor tensor, Arena arena) throws GgufException {
        this(tensor, allocate(tensor, arena));
    }

    private static Qk256Matrix allocate(GgufTensor tensor, Arena arena) throws GgufException {
        int rows = side(tensor, "rows", tensor.rows());
        int cols = side(tensor, "columns", tensor.cols());
        MemorySegment codes = HugePages.allocate(arena, rows * Qk256.rowBytes(cols));
        return Qk256Matrix.of(codes, rows, cols, Codebook.TERNARY);
    }

    private static int side(GgufTensor tensor, String what, long value) throws GgufException {
        if (value > Integer.MAX_VALUE) {
            throw new GgufException(tensor + ": has " + value + " " + what + ", expected at most " + Integer.MAX_VALUE
                    + "; split the tensor");
        }
        return (int) value;
    }

    /** Whether no row needs to be repacked. */
    boolean isDone() {
        return false;
    }

    /**
     * Repacks some rows. No two calls may share a row.
     *
     * @param from the first row, a multiple of four
     * @param to the row after the last: a multiple of four, or the number of rows
     */
    abstract void rows(int from, int to) throws GgufException;

    /** Returns the result with its scales, once all rows are repacked. */
    abstract Qk256Matrix finish(Arena arena) throws GgufException;
}
