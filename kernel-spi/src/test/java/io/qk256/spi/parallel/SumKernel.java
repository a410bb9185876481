package io.qk256.spi.parallel;

import io.qk256.spi.F32Vector;
import io.qk256.spi.I16Batch;
import io.qk256.spi.I8Batch;
import io.qk256.spi.I8Vector;
import io.qk256.spi.IndexList;
import io.qk256.spi.Kernel;
import io.qk256.spi.Q8Matrix;
import io.qk256.spi.Qk256Matrix;
import java.lang.foreign.ValueLayout;

/** Fast, and different for every row, input and scale; its results have no meaning. */
class SumKernel extends Kernel {

    /** Called before each part. */
    void before() {}

    @Override
    protected void dequantizeRows(Qk256Matrix w, int fromRow, int toRow, F32Vector out) {
        before();
        for (int row = fromRow; row < toRow; row++) {
            for (int col = 0; col < w.cols(); col += 64) {
                out.set((long) (row - fromRow) * w.cols() + col, byteOf(w, row) + col);
            }
        }
    }

    @Override
    protected void gemvF32Rows(Qk256Matrix w, F32Vector x, int fromRow, int toRow, F32Vector y) {
        before();
        for (int row = fromRow; row < toRow; row++) {
            y.set(row, byteOf(w, row) * x.get(row % x.length()));
        }
    }

    @Override
    protected void gemvI8Rows(Qk256Matrix w, I8Vector x, int fromRow, int toRow, F32Vector y) {
        before();
        for (int row = fromRow; row < toRow; row++) {
            y.set(row, byteOf(w, row) * x.segment().get(ValueLayout.JAVA_BYTE, row % x.length()) / x.scale());
        }
    }

    @Override
    protected void gemmQ8Rows(Q8Matrix w, I8Batch x, int fromRow, int toRow, F32Vector y) {
        before();
        super.gemmQ8Rows(w, x, fromRow, toRow, y);
    }

    @Override
    protected void gemmQ8Rows(Q8Matrix w, I16Batch x, int fromRow, int toRow, F32Vector y) {
        before();
        super.gemmQ8Rows(w, x, fromRow, toRow, y);
    }

    @Override
    protected void gemvTransposedCols(
            Qk256Matrix w, I8Vector x, IndexList listed, int fromCol, int toCol, F32Vector y) {
        before();
        super.gemvTransposedCols(w, x, listed, fromCol, toCol, y);
    }

    private static float byteOf(Qk256Matrix w, int row) {
        return w.codes().get(ValueLayout.JAVA_BYTE, row * w.rowStride()) + row / 7f;
    }

    @Override
    public String toString() {
        return "sums";
    }
}
