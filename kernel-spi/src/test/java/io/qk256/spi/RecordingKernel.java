package io.qk256.spi;

import java.util.ArrayList;
import java.util.List;

/** Computes nothing and records its calls. */
final class RecordingKernel extends Kernel {

    /** One call; views are equal only if they are identical. */
    record Call(Operation operation, int fromRow, int toRow, List<Object> arguments) {}

    final List<Call> calls = new ArrayList<>();

    @Override
    protected void dequantizeRows(Qk256Matrix w, int fromRow, int toRow, F32Vector out) {
        calls.add(new Call(Operation.DEQUANTIZE, fromRow, toRow, List.of(w, out)));
    }

    @Override
    protected void gemvF32Rows(Qk256Matrix w, F32Vector x, int fromRow, int toRow, F32Vector y) {
        calls.add(new Call(Operation.GEMV_F32, fromRow, toRow, List.of(w, x, y)));
    }

    @Override
    protected void gemvI8Rows(Qk256Matrix w, I8Vector x, int fromRow, int toRow, F32Vector y) {
        calls.add(new Call(Operation.GEMV_I8, fromRow, toRow, List.of(w, x, y)));
    }

    @Override
    protected void gemmI8Rows(Qk256Matrix w, I8Batch x, int fromRow, int toRow, F32Vector y) {
        calls.add(new Call(Operation.GEMM_I8, fromRow, toRow, List.of(w, x, y)));
    }

    @Override
    protected void gemmQ8Rows(Q8Matrix w, I8Batch x, int fromRow, int toRow, F32Vector y) {
        calls.add(new Call(Operation.GEMM_Q8, fromRow, toRow, List.of(w, x, y)));
    }

    @Override
    protected void gemmQ8Rows(Q8Matrix w, I16Batch x, int fromRow, int toRow, F32Vector y) {
        calls.add(new Call(Operation.GEMM_Q8, fromRow, toRow, List.of(w, x, y)));
    }

    @Override
    protected void gemvListedRows(Qk256Matrix w, I8Vector x, IndexList listed, int fromRow, int toRow, F32Vector y) {
        calls.add(new Call(Operation.GEMV_LISTED, fromRow, toRow, List.of(w, x, listed, y)));
    }

    @Override
    protected void gemvTransposedCols(
            Qk256Matrix w, I8Vector x, IndexList listed, int fromCol, int toCol, F32Vector y) {
        calls.add(new Call(Operation.GEMV_TRANSPOSED, fromCol, toCol, List.of(w, x, listed, y)));
    }
}
