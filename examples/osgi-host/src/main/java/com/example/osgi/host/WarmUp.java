package com.example.osgi.host;

import io.qk256.spi.Codebook;
import io.qk256.spi.F32Vector;
import io.qk256.spi.I8Batch;
import io.qk256.spi.Kernel;
import io.qk256.spi.Qk256;
import io.qk256.spi.Qk256Matrix;
import java.lang.foreign.Arena;

/**
 * Calls a kernel before a model does. The classes of a bundle that was just started are interpreted at first, and interpreted
 * vector code is a thousand times slower than compiled code.
 */
final class WarmUp {

    private static final int SIZE = 1024;
    private static final int COLUMNS = 8;

    private WarmUp() {}

    static void run(Kernel kernel, long milliseconds) {
        try (Arena arena = Arena.ofConfined()) {
            Qk256Matrix w = Qk256Matrix.of(arena.allocate(SIZE * Qk256.rowBytes(SIZE)), SIZE, SIZE, Codebook.TERNARY);
            I8Batch x = I8Batch.of(arena.allocate((long) COLUMNS * SIZE), COLUMNS, SIZE);
            F32Vector y = F32Vector.allocate(arena, COLUMNS * SIZE);
            for (int i = 0; i < COLUMNS; i++) {
                x.column(i).scale(1);
            }
            long end = System.nanoTime() + milliseconds * 1_000_000;
            while (System.nanoTime() < end) {
                kernel.gemv(w, x.column(0), 0, 32, y);
                kernel.gemm(w, x, 0, 32, y);
            }
        }
    }
}
