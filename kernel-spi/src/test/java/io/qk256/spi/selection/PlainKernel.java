package io.qk256.spi.selection;

import io.qk256.spi.F32Vector;
import io.qk256.spi.I16Batch;
import io.qk256.spi.I8Batch;
import io.qk256.spi.I8Vector;
import io.qk256.spi.IndexList;
import io.qk256.spi.Kernel;
import io.qk256.spi.Q8Matrix;
import io.qk256.spi.Qk256;
import io.qk256.spi.Qk256Matrix;
import java.lang.foreign.ValueLayout;

/** A correct kernel that tests can override to make it wrong. */
public class PlainKernel extends Kernel {

    public PlainKernel() {}

    @Override
    protected void dequantizeRows(Qk256Matrix w, int fromRow, int toRow, F32Vector out) {
        for (int r = fromRow; r < toRow; r++) {
            for (int c = 0; c < w.cols(); c++) {
                out.set((long) (r - fromRow) * w.cols() + c, value(w, r, c) * w.scale(r, c / w.group()));
            }
        }
    }

    @Override
    protected void gemvF32Rows(Qk256Matrix w, F32Vector x, int fromRow, int toRow, F32Vector y) {
        for (int r = fromRow; r < toRow; r++) {
            float sum = 0;
            for (int c = 0; c < w.cols(); c++) {
                sum += value(w, r, c) * w.groupScale(r, c / w.group()) * x.get(c);
            }
            y.set(r, sum * w.tensorScale());
        }
    }

    @Override
    protected void gemvI8Rows(Qk256Matrix w, I8Vector x, int fromRow, int toRow, F32Vector y) {
        for (int r = fromRow; r < toRow; r++) {
            double sum = 0;
            for (int c = 0; c < w.cols(); c++) {
                byte q = x.segment().get(ValueLayout.JAVA_BYTE, c);
                sum += (double) value(w, r, c) * w.groupScale(r, c / w.group()) * q * x.multiplier(c / I8Vector.GROUP);
            }
            y.set(r, (float) sum / x.scale() * w.tensorScale());
        }
    }

    /** For the tests of this package. */
    @Override
    protected void gemmI8Rows(Qk256Matrix w, I8Batch x, int fromRow, int toRow, F32Vector y) {
        super.gemmI8Rows(w, x, fromRow, toRow, y);
    }

    /** For the tests of this package. */
    @Override
    protected void gemmQ8Rows(Q8Matrix w, I8Batch x, int fromRow, int toRow, F32Vector y) {
        super.gemmQ8Rows(w, x, fromRow, toRow, y);
    }

    /** For the tests of this package. */
    @Override
    protected void gemmQ8Rows(Q8Matrix w, I16Batch x, int fromRow, int toRow, F32Vector y) {
        super.gemmQ8Rows(w, x, fromRow, toRow, y);
    }

    /** For the tests of this package. */
    @Override
    protected void gemvListedRows(Qk256Matrix w, I8Vector x, IndexList listed, int fromRow, int toRow, F32Vector y) {
        super.gemvListedRows(w, x, listed, fromRow, toRow, y);
    }

    /** For the tests of this package. */
    @Override
    protected void gemvTransposedCols(
            Qk256Matrix w, I8Vector x, IndexList listed, int fromCol, int toCol, F32Vector y) {
        super.gemvTransposedCols(w, x, listed, fromCol, toCol, y);
    }

    /** The weight without scales. */
    float value(Qk256Matrix w, int r, int c) {
        return w.codebook().value(Qk256.code(w.codes().asSlice(r * w.rowStride()), c));
    }

    @Override
    public String toString() {
        return "plain Java";
    }
}
