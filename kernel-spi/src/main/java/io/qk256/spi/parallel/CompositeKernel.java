package io.qk256.spi.parallel;

import io.qk256.spi.F32Vector;
import io.qk256.spi.I16Batch;
import io.qk256.spi.I8Batch;
import io.qk256.spi.I8Vector;
import io.qk256.spi.IndexList;
import io.qk256.spi.Kernel;
import io.qk256.spi.Operation;
import io.qk256.spi.Q8Matrix;
import io.qk256.spi.Qk256Matrix;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;

/**
 * Uses one kernel for each operation and returns its results bit for bit. If each kernel is the fastest at its
 * operation, so is this one.
 */
public final class CompositeKernel extends Kernel {

    private final Map<Operation, Kernel> kernels;

    /**
     * Creates a kernel from others, which may be the same.
     *
     * @param kernels one for each operation
     * @throws IllegalArgumentException if an operation has no kernel
     */
    public CompositeKernel(Map<Operation, Kernel> kernels) {
        for (Operation operation : Operation.values()) {
            if (kernels.get(operation) == null) {
                throw new IllegalArgumentException(
                        "kernels: none for " + operation.label() + ", expected one for each operation");
            }
        }
        this.kernels = new EnumMap<>(kernels);
    }

    private Kernel kernel(Operation operation) {
        return Objects.requireNonNull(kernels.get(operation));
    }

    @Override
    protected void dequantizeRows(Qk256Matrix w, int fromRow, int toRow, F32Vector out) {
        kernel(Operation.DEQUANTIZE).dequantize(w, fromRow, toRow, out);
    }

    @Override
    protected void gemvF32Rows(Qk256Matrix w, F32Vector x, int fromRow, int toRow, F32Vector y) {
        kernel(Operation.GEMV_F32).gemv(w, x, fromRow, toRow, y);
    }

    @Override
    protected void gemvI8Rows(Qk256Matrix w, I8Vector x, int fromRow, int toRow, F32Vector y) {
        kernel(Operation.GEMV_I8).gemv(w, x, fromRow, toRow, y);
    }

    @Override
    protected void gemmI8Rows(Qk256Matrix w, I8Batch x, int fromRow, int toRow, F32Vector y) {
        kernel(Operation.GEMM_I8).gemm(w, x, fromRow, toRow, y);
    }

    @Override
    protected void gemmQ8Rows(Q8Matrix w, I8Batch x, int fromRow, int toRow, F32Vector y) {
        kernel(Operation.GEMM_Q8).gemm(w, x, fromRow, toRow, y);
    }

    @Override
    protected void gemmQ8Rows(Q8Matrix w, I16Batch x, int fromRow, int toRow, F32Vector y) {
        kernel(Operation.GEMM_Q8).gemm(w, x, fromRow, toRow, y);
    }

    @Override
    protected void gemvListedRows(Qk256Matrix w, I8Vector x, IndexList listed, int fromRow, int toRow, F32Vector y) {
        kernel(Operation.GEMV_LISTED).gemvListed(w, x, listed, fromRow, toRow, y);
    }

    @Override
    protected void gemvTransposedCols(
            Qk256Matrix w, I8Vector x, IndexList listed, int fromCol, int toCol, F32Vector y) {
        kernel(Operation.GEMV_TRANSPOSED).gemvTransposed(w, x, listed, fromCol, toCol, y);
    }

    @Override
    public boolean hasOwn(Operation operation) {
        return kernel(operation).hasOwn(operation);
    }

    @Override
    public String toString() {
        return kernels.entrySet().stream()
                .map(entry -> entry.getKey().label() + " by " + entry.getValue())
                .collect(Collectors.joining(", "));
    }
}
