package com.example.avx512;

import io.qk256.spi.Codebook;
import io.qk256.spi.F32Vector;
import io.qk256.spi.I8Batch;
import io.qk256.spi.I8Vector;
import io.qk256.spi.Kernel;
import io.qk256.spi.Qk256Matrix;
import java.lang.ref.Reference;

/**
 * Calls the operations in C; the arguments are already checked. Off-heap memory is passed as addresses, through JNI or, for
 * short calls, through {@link ShortCall}; heap memory goes through {@link HeapCall}. What C does not do is in
 * {@link Groups}. Stateless and thread-safe.
 *
 * <p>An address does not protect memory from the garbage collector, so its owners are kept reachable until the call returns.
 */
final class Avx512Kernel extends Kernel {

    /** Rows whose codes stay in the cache while all columns are multiplied. */
    private static final int BATCH_ROWS = 512;

    @Override
    protected void dequantizeRows(Qk256Matrix w, int fromRow, int toRow, F32Vector out) {
        if (Groups.otherThanBlocks(w)) {
            Groups.dequantize(w, fromRow, toRow, out);
            return;
        }
        if (!w.isOffHeap() || !out.isOffHeap()) {
            HeapCall.dequantize(w, fromRow, toRow, out);
            return;
        }
        Codebook codebook = w.codebook();
        float scale = w.tensorScale();
        long weights = (long) (toRow - fromRow) * w.cols();
        try {
            if (weights <= ShortCall.MAX_WEIGHTS && isRun(w, toRow - fromRow)) {
                ShortCall.dequantizeRun(
                        w.codesAddress(fromRow),
                        weights,
                        codebook.value0() * scale,
                        codebook.value1() * scale,
                        codebook.value2() * scale,
                        codebook.value3() * scale,
                        out.address());
            } else {
                Native.dequantize(
                        w.codesAddress(fromRow),
                        w.rowStride(),
                        toRow - fromRow,
                        w.cols(),
                        w.groupScalesAddress(fromRow),
                        scale,
                        codebook.value0(),
                        codebook.value1(),
                        codebook.value2(),
                        codebook.value3(),
                        out.address());
            }
        } finally {
            Reference.reachabilityFence(w);
            Reference.reachabilityFence(out);
        }
    }

    /** Whether the codes of this many rows are contiguous and all have the same scale. */
    private static boolean isRun(Qk256Matrix w, int rows) {
        // Most short calls have one row; not reading the stride for them saves a register.
        return !w.hasGroupScales() && (rows == 1 || w.rowStride() == w.cols() / 4);
    }

    @Override
    protected void gemvF32Rows(Qk256Matrix w, F32Vector x, int fromRow, int toRow, F32Vector y) {
        if (Groups.otherThanBlocks(w)) {
            Groups.gemvF32(w, x, fromRow, toRow, y);
            return;
        }
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
                    w.groupScalesAddress(fromRow),
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
        if (w.hasGroupScales() || x.hasMultipliers()) {
            Groups.gemvI8(w, x, fromRow, toRow, y);
            return;
        }
        if (!w.isOffHeap() || !x.isOffHeap() || !y.isOffHeap()) {
            HeapCall.gemvI8(w, x, fromRow, toRow, y);
            return;
        }
        float scale = x.scale();
        try {
            gemm(w, fromRow, toRow, x.address(), x.length(), 1, scale, scale, scale, scale, y.address(fromRow));
        } finally {
            Reference.reachabilityFence(w);
            Reference.reachabilityFence(x);
            Reference.reachabilityFence(y);
        }
    }

    /** Four columns at a time; one at a time if any memory is on the heap. */
    @Override
    protected void gemmI8Rows(Qk256Matrix w, I8Batch x, int fromRow, int toRow, F32Vector y) {
        boolean groups = w.hasGroupScales() || x.hasMultipliers();
        if (groups || !w.isOffHeap() || !x.isOffHeap() || !y.isOffHeap()) {
            super.gemmI8Rows(w, x, fromRow, toRow, y);
            return;
        }
        try {
            for (int row = fromRow, end; row < toRow; row = end) {
                end = (int) Math.min((long) row + BATCH_ROWS, toRow);
                for (int column = 0; column < x.columns(); column += Native.MAX_COLUMNS) {
                    gemm(
                            w,
                            row,
                            end,
                            x.address(column),
                            x.length(),
                            Math.min(Native.MAX_COLUMNS, x.columns() - column),
                            scale(x, column),
                            scale(x, column + 1),
                            scale(x, column + 2),
                            scale(x, column + 3),
                            y.address((long) column * w.rows() + row));
                }
            }
        } finally {
            Reference.reachabilityFence(w);
            Reference.reachabilityFence(x);
            Reference.reachabilityFence(y);
        }
    }

    private static void gemm(
            Qk256Matrix w,
            int fromRow,
            int toRow,
            long q,
            long qStride,
            int columns,
            float scale0,
            float scale1,
            float scale2,
            float scale3,
            long y) {
        Codebook codebook = w.codebook();
        Native.gemmI8(
                w.codesAddress(fromRow),
                w.rowStride(),
                toRow - fromRow,
                w.cols(),
                w.groupScalesAddress(fromRow),
                w.tensorScale(),
                codebook.value0(),
                codebook.value1(),
                codebook.value2(),
                codebook.value3(),
                q,
                qStride,
                columns,
                scale0,
                scale1,
                scale2,
                scale3,
                y,
                w.rows());
    }

    private static float scale(I8Batch x, int column) {
        return column < x.columns() ? x.column(column).scale() : 1;
    }

    @Override
    public String toString() {
        return "C with AVX-512 and VNNI intrinsics";
    }
}
