package io.qk256.app.check;

import io.qk256.spi.F32Vector;
import io.qk256.spi.I8Vector;
import io.qk256.spi.Kernel;
import io.qk256.spi.KernelProvider;
import io.qk256.spi.Qk256Matrix;
import io.qk256.spi.selection.KernelSource;

/** A correct kernel, which tests turn into wrong ones. */
class Wrapped extends Kernel {

    private final Kernel right = scalar();

    /** The reference kernel, found in the same way as by the application. */
    static Kernel scalar() {
        for (KernelSource source : KernelSource.find()) {
            KernelProvider provider = source.provider().get();
            if (provider.name().equals("scalar")) {
                try {
                    return provider.open();
                } catch (Exception e) {
                    throw new AssertionError(e);
                }
            }
        }
        throw new AssertionError("kernel-scalar is not on the module path");
    }

    @Override
    protected void dequantizeRows(Qk256Matrix w, int fromRow, int toRow, F32Vector out) {
        right.dequantize(w, fromRow, toRow, out);
    }

    @Override
    protected void gemvF32Rows(Qk256Matrix w, F32Vector x, int fromRow, int toRow, F32Vector y) {
        right.gemv(w, x, fromRow, toRow, y);
    }

    @Override
    protected void gemvI8Rows(Qk256Matrix w, I8Vector x, int fromRow, int toRow, F32Vector y) {
        right.gemv(w, x, fromRow, toRow, y);
    }
}
