package io.qk256.avx2.jni;

import io.qk256.spi.Codebook;
import io.qk256.spi.F32Vector;
import io.qk256.spi.I8Batch;
import io.qk256.spi.I8Vector;
import io.qk256.spi.Kernel;
import io.qk256.spi.Qk256;
import io.qk256.spi.Qk256Matrix;
import java.lang.ref.Reference;

/**
 * The operations, a native call each; that of several columns makes some. Off-heap memory goes down as addresses, without
 * an allocation: by {@link ShortCall} if little is to be done, else by JNI. Memory on the heap takes the way of
 * {@link HeapCall}. Stateless and thread-safe.
 *
 * <p>An address does not keep an automatic arena alive, so what owns the memory is kept reachable until the call returns.
 */
final class Avx2NativeKernel extends Kernel {

    /** Codes that stay in the cache while all columns pass: half of it, on CPUs with a second level of 1 MiB. */
    private static final long BATCH_BYTES = 512 << 10;

    private final int extensions;
    private final String origin;

    /**
     * A kernel.
     *
     * @param extensions what of {@link Native#extensions} is used
     * @param origin where the library is from
     */
    Avx2NativeKernel(int extensions, String origin) {
        this.extensions = extensions;
        this.origin = origin;
    }

    @Override
    protected void dequantizeRows(Qk256Matrix w, int fromRow, int toRow, F32Vector out) {
        if (w.isOffHeap() && weights(w, fromRow, toRow) <= ShortCall.MAX_WEIGHTS) {
            dequantizeShort(w, fromRow, toRow, out);
        } else if (w.isOffHeap() && out.isOffHeap()) {
            dequantizeByJni(w, fromRow, toRow, out);
        } else {
            HeapCall.dequantize(w, fromRow, toRow, out);
        }
    }

    private static void dequantizeShort(Qk256Matrix w, int fromRow, int toRow, F32Vector out) {
        Codebook codebook = w.codebook();
        float scale = w.tensorScale();
        try {
            if (isRun(w, toRow - fromRow)) {
                ShortCall.dequantizeRun(
                        w.codesAddress(fromRow),
                        weights(w, fromRow, toRow),
                        codebook.value0() * scale,
                        codebook.value1() * scale,
                        codebook.value2() * scale,
                        codebook.value3() * scale,
                        out);
            } else {
                ShortCall.dequantize(
                        w.codesAddress(fromRow),
                        w.rowStride(),
                        toRow - fromRow,
                        w.cols(),
                        w.blockScalesAddress(fromRow),
                        scale,
                        codebook.value0(),
                        codebook.value1(),
                        codebook.value2(),
                        codebook.value3(),
                        out);
            }
        } finally {
            Reference.reachabilityFence(w);
            Reference.reachabilityFence(out);
        }
    }

    private static long weights(Qk256Matrix w, int fromRow, int toRow) {
        return (long) (toRow - fromRow) * w.cols();
    }

    /** Whether the codes of so many rows follow each other, and all have the same scale. */
    private static boolean isRun(Qk256Matrix w, int rows) {
        // Most short calls are of one row; what they do not ask for needs no register.
        return !w.hasBlockScales() && (rows == 1 || w.rowStride() == w.cols() / 4);
    }

    private static void dequantizeByJni(Qk256Matrix w, int fromRow, int toRow, F32Vector out) {
        Codebook codebook = w.codebook();
        try {
            Native.dequantize(
                    w.codesAddress(fromRow),
                    w.rowStride(),
                    toRow - fromRow,
                    w.cols(),
                    w.blockScalesAddress(fromRow),
                    w.tensorScale(),
                    codebook.value0(),
                    codebook.value1(),
                    codebook.value2(),
                    codebook.value3(),
                    out.address());
        } finally {
            Reference.reachabilityFence(w);
            Reference.reachabilityFence(out);
        }
    }

    @Override
    protected void gemvF32Rows(Qk256Matrix w, F32Vector x, int fromRow, int toRow, F32Vector y) {
        if (!w.isOffHeap() || !x.isOffHeap() || !y.isOffHeap()) {
            HeapCall.gemvF32(w, x, fromRow, toRow, y);
            return;
        }
        Codebook codebook = w.codebook();
        try {
            Native.gemvF32(
                    w.codesAddress(fromRow),
                    w.rowStride(),
                    toRow - fromRow,
                    w.cols(),
                    w.blockScalesAddress(fromRow),
                    w.tensorScale(),
                    codebook.value0(),
                    codebook.value1(),
                    codebook.value2(),
                    codebook.value3(),
                    x.address(),
                    y.address(fromRow));
        } finally {
            Reference.reachabilityFence(w);
            Reference.reachabilityFence(x);
            Reference.reachabilityFence(y);
        }
    }

    @Override
    protected void gemvI8Rows(Qk256Matrix w, I8Vector x, int fromRow, int toRow, F32Vector y) {
        if (!w.isOffHeap() || !x.isOffHeap() || !y.isOffHeap()) {
            HeapCall.gemvI8(extensions, w, x, fromRow, toRow, y);
            return;
        }
        Codebook codebook = w.codebook();
        try {
            Native.gemvI8(
                    extensions,
                    w.codesAddress(fromRow),
                    w.rowStride(),
                    toRow - fromRow,
                    w.cols(),
                    w.blockScalesAddress(fromRow),
                    w.tensorScale(),
                    codebook.value0(),
                    codebook.value1(),
                    codebook.value2(),
                    codebook.value3(),
                    x.address(),
                    x.scale(),
                    y.address(fromRow));
        } finally {
            Reference.reachabilityFence(w);
            Reference.reachabilityFence(x);
            Reference.reachabilityFence(y);
        }
    }

    @Override
    protected void gemmI8Rows(Qk256Matrix w, I8Batch x, int fromRow, int toRow, F32Vector y) {
        if (!w.isOffHeap() || !x.isOffHeap() || !y.isOffHeap()) {
            super.gemmI8Rows(w, x, fromRow, toRow, y);
            return;
        }
        try {
            int batch = (int) Math.max(1, BATCH_BYTES / Qk256.rowBytes(w.cols()));
            for (int row = fromRow, rows; row < toRow; row += rows) {
                rows = Math.min(batch, toRow - row);
                for (int column = 0; column < x.columns(); column += Native.GEMM_COLUMNS) {
                    gemm(w, x, row, rows, column, y);
                }
            }
        } finally {
            Reference.reachabilityFence(w);
            Reference.reachabilityFence(x);
            Reference.reachabilityFence(y);
        }
    }

    private void gemm(Qk256Matrix w, I8Batch x, int row, int rows, int column, F32Vector y) {
        Codebook codebook = w.codebook();
        Native.gemmI8(
                extensions,
                w.codesAddress(row),
                w.rowStride(),
                rows,
                w.cols(),
                w.blockScalesAddress(row),
                w.tensorScale(),
                codebook.value0(),
                codebook.value1(),
                codebook.value2(),
                codebook.value3(),
                x.address(column),
                x.length(),
                Math.min(Native.GEMM_COLUMNS, x.columns() - column),
                scale(x, column),
                scale(x, column + 1),
                scale(x, column + 2),
                scale(x, column + 3),
                y.address((long) column * w.rows() + row),
                w.rows());
    }

    private static float scale(I8Batch x, int column) {
        return column < x.columns() ? x.column(column).scale() : 1;
    }

    @Override
    public String toString() {
        return "C with AVX2 and FMA intrinsics"
                + ((extensions & Native.AVX_VNNI) != 0 ? ", int8 products with AVX-VNNI" : "")
                + ((extensions & Native.AVX512_VNNI) != 0 ? ", batches of int8 products with AVX-512 VNNI" : "")
                + ", from " + origin;
    }
}
