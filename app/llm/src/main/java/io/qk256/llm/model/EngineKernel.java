package io.qk256.llm.model;

import io.qk256.spi.F32Vector;
import io.qk256.spi.I16Batch;
import io.qk256.spi.I8Batch;
import io.qk256.spi.I8Vector;
import io.qk256.spi.IndexList;
import io.qk256.spi.Kernel;
import io.qk256.spi.Operation;
import io.qk256.spi.Q8Matrix;
import io.qk256.spi.Qk256Matrix;
import java.util.Arrays;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The kernel that an engine uses at present. The only place where an engine refers to it, so an earlier kernel can be
 * collected, with its class loader, as soon as no thread runs it any more. Thread-safe: each call runs on one kernel
 * from beginning to end.
 */
final class EngineKernel extends Kernel {

    private volatile Kernel current;

    /** What the current kernel has code for: asking it takes microseconds. */
    private volatile Set<Operation> own;

    EngineKernel(Kernel first) {
        this.current = Objects.requireNonNull(first, "kernel");
        this.own = operations(first);
    }

    void use(Kernel other) {
        current = Objects.requireNonNull(other, "kernel");
        own = operations(other);
    }

    private static Set<Operation> operations(Kernel kernel) {
        return Arrays.stream(Operation.values()).filter(kernel::hasOwn).collect(Collectors.toUnmodifiableSet());
    }

    @Override
    protected void dequantizeRows(Qk256Matrix w, int fromRow, int toRow, F32Vector out) {
        current.dequantize(w, fromRow, toRow, out);
    }

    @Override
    protected void gemvF32Rows(Qk256Matrix w, F32Vector x, int fromRow, int toRow, F32Vector y) {
        current.gemv(w, x, fromRow, toRow, y);
    }

    @Override
    protected void gemvI8Rows(Qk256Matrix w, I8Vector x, int fromRow, int toRow, F32Vector y) {
        current.gemv(w, x, fromRow, toRow, y);
    }

    @Override
    protected void gemmI8Rows(Qk256Matrix w, I8Batch x, int fromRow, int toRow, F32Vector y) {
        current.gemm(w, x, fromRow, toRow, y);
    }

    @Override
    protected void gemmQ8Rows(Q8Matrix w, I8Batch x, int fromRow, int toRow, F32Vector y) {
        current.gemm(w, x, fromRow, toRow, y);
    }

    @Override
    protected void gemmQ8Rows(Q8Matrix w, I16Batch x, int fromRow, int toRow, F32Vector y) {
        current.gemm(w, x, fromRow, toRow, y);
    }

    @Override
    protected void gemvListedRows(Qk256Matrix w, I8Vector x, IndexList listed, int fromRow, int toRow, F32Vector y) {
        current.gemvListed(w, x, listed, fromRow, toRow, y);
    }

    @Override
    protected void gemvTransposedCols(
            Qk256Matrix w, I8Vector x, IndexList listed, int fromCol, int toCol, F32Vector y) {
        current.gemvTransposed(w, x, listed, fromCol, toCol, y);
    }

    @Override
    public boolean hasOwn(Operation operation) {
        return own.contains(operation);
    }

    @Override
    public String toString() {
        return current.toString();
    }
}
