package io.qk256.spi.parallel;

import io.qk256.spi.F32Vector;
import io.qk256.spi.I8Batch;
import io.qk256.spi.I8Vector;
import io.qk256.spi.Kernel;
import io.qk256.spi.Q8Matrix;
import io.qk256.spi.Qk256Matrix;
import java.util.Objects;

/**
 * Uses one kernel for each operation and returns its results bit for bit. If each kernel is the fastest at its
 * operation, so is this one.
 */
public final class CompositeKernel extends Kernel {

    private final Kernel dequantize;
    private final Kernel gemvF32;
    private final Kernel gemvI8;
    private final Kernel gemm;
    private final Kernel gemmQ8;

    /**
     * Creates a kernel from others, which may be the same.
     *
     * @param dequantize dequantizes
     * @param gemvF32 does GEMV with an f32 vector
     * @param gemvI8 does GEMV with an int8 vector
     * @param gemm does GEMM with several int8 vectors
     * @param gemmQ8 does GEMM of 8-bit weights
     */
    public CompositeKernel(Kernel dequantize, Kernel gemvF32, Kernel gemvI8, Kernel gemm, Kernel gemmQ8) {
        this.dequantize = Objects.requireNonNull(dequantize, "dequantize");
        this.gemvF32 = Objects.requireNonNull(gemvF32, "gemvF32");
        this.gemvI8 = Objects.requireNonNull(gemvI8, "gemvI8");
        this.gemm = Objects.requireNonNull(gemm, "gemm");
        this.gemmQ8 = Objects.requireNonNull(gemmQ8, "gemmQ8");
    }

    @Override
    protected void dequantizeRows(Qk256Matrix w, int fromRow, int toRow, F32Vector out) {
        dequantize.dequantize(w, fromRow, toRow, out);
    }

    @Override
    protected void gemvF32Rows(Qk256Matrix w, F32Vector x, int fromRow, int toRow, F32Vector y) {
        gemvF32.gemv(w, x, fromRow, toRow, y);
    }

    @Override
    protected void gemvI8Rows(Qk256Matrix w, I8Vector x, int fromRow, int toRow, F32Vector y) {
        gemvI8.gemv(w, x, fromRow, toRow, y);
    }

    @Override
    protected void gemmI8Rows(Qk256Matrix w, I8Batch x, int fromRow, int toRow, F32Vector y) {
        gemm.gemm(w, x, fromRow, toRow, y);
    }

    @Override
    protected void gemmQ8Rows(Q8Matrix w, I8Batch x, int fromRow, int toRow, F32Vector y) {
        gemmQ8.gemm(w, x, fromRow, toRow, y);
    }

    @Override
    public String toString() {
        return "dequantize by " + dequantize + ", gemv-f32 by " + gemvF32 + ", gemv-i8 by " + gemvI8 + ", gemm-i8 by "
                + gemm + ", gemm-q8 by " + gemmQ8;
    }
}
