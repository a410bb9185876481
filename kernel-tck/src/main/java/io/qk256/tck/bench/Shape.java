package io.qk256.tck.bench;

import io.qk256.spi.Codebook;
import io.qk256.spi.Qk256;
import io.qk256.spi.Qk256Matrix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;

/** A matrix shape, written {@code ROWSxCOLS}. */
record Shape(int rows, int cols) {

    private static final int CACHE_LINE = 64;
    private static final long SEED = 20_261_122;

    static Shape parse(String text) {
        int x = text.indexOf('x');
        return new Shape(Integer.parseInt(text.substring(0, x)), Integer.parseInt(text.substring(x + 1)));
    }

    long weights() {
        return (long) rows * cols;
    }

    /** A matrix with random codes, off the heap. */
    Qk256Matrix random(Codebook codebook, Arena arena) {
        MemorySegment codes = arena.allocate(rows * Qk256.rowBytes(cols), CACHE_LINE);
        SplittableRandom random = new SplittableRandom(SEED);
        for (long i = 0; i < codes.byteSize(); i += Long.BYTES) {
            codes.set(ValueLayout.JAVA_LONG, i, random.nextLong());
        }
        return Qk256Matrix.of(codes, rows, cols, codebook);
    }

    @Override
    public String toString() {
        return rows + "x" + cols;
    }
}
