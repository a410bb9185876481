package io.qk256.avx2.vector;

import io.qk256.spi.F32Vector;
import io.qk256.spi.I16Batch;
import io.qk256.spi.I8Batch;
import io.qk256.spi.I8Vector;
import io.qk256.spi.Kernel;
import io.qk256.spi.Q8Matrix;
import io.qk256.spi.Qk256Matrix;
import io.qk256.spi.memory.PerThread;

/** The operations with 256-bit vectors. Thread-safe: each thread has its own scratch memory. */
final class Avx2VectorKernel extends Kernel {

    private final PerThread<Scratch> scratch = new PerThread<>(Scratch::new);

    @Override
    protected void dequantizeRows(Qk256Matrix w, int fromRow, int toRow, F32Vector out) {
        Dequantize.rows(w, scratch.get(), fromRow, toRow, out.segment());
    }

    @Override
    protected void gemvF32Rows(Qk256Matrix w, F32Vector x, int fromRow, int toRow, F32Vector y) {
        GemvF32.rows(w, scratch.get(), x, fromRow, toRow, y);
    }

    @Override
    protected void gemvI8Rows(Qk256Matrix w, I8Vector x, int fromRow, int toRow, F32Vector y) {
        if (w.hasGroupScales() || x.hasMultipliers()) {
            GemvI8Groups.rows(w, scratch.get(), x, fromRow, toRow, y);
        } else if (GemvI8.takes(w.codebook())) {
            GemvI8.rows(w, scratch.get(), x, fromRow, toRow, y);
        } else {
            GemvI8AnyCodebook.rows(w, scratch.get(), x, fromRow, toRow, y);
        }
    }

    @Override
    protected void gemmI8Rows(Qk256Matrix w, I8Batch x, int fromRow, int toRow, F32Vector y) {
        if (GemmI8.takes(w, x)) {
            GemmI8.rows(w, scratch.get(), x, fromRow, toRow, y);
        } else {
            super.gemmI8Rows(w, x, fromRow, toRow, y);
        }
    }

    @Override
    protected void gemmQ8Rows(Q8Matrix w, I8Batch x, int fromRow, int toRow, F32Vector y) {
        GemmQ8Bytes product = scratch.get().q8Bytes();
        if (product.takes(w, x)) {
            product.rows(w, x, fromRow, toRow, y);
        } else {
            super.gemmQ8Rows(w, x, fromRow, toRow, y);
        }
    }

    @Override
    protected void gemmQ8Rows(Q8Matrix w, I16Batch x, int fromRow, int toRow, F32Vector y) {
        if (GemmQ8Shorts.takes(w)) {
            scratch.get().q8Shorts().rows(w, x, fromRow, toRow, y);
        } else {
            super.gemmQ8Rows(w, x, fromRow, toRow, y);
        }
    }

    @Override
    public String toString() {
        return "Java Vector API, 256 bits";
    }
}
