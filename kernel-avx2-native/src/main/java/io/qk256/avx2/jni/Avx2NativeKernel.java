package io.qk256.avx2.jni;

import io.qk256.spi.Codebook;
import io.qk256.spi.F32Vector;
import io.qk256.spi.I16Batch;
import io.qk256.spi.I8Batch;
import io.qk256.spi.I8Vector;
import io.qk256.spi.IndexList;
import io.qk256.spi.Kernel;
import io.qk256.spi.Q8Matrix;
import io.qk256.spi.Qk256;
import io.qk256.spi.Qk256Matrix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;

/**
 * The native kernel. Each operation is one native call, except that GEMM makes several, and so do operations on heap
 * memory, where calls must be short. Copies nothing, and allocates nothing except, for each GEMM with AMX, its scratch
 * memory. Each kernel holds the addresses of its own
 * functions, so kernels of different tiers do not affect each other. Immutable and thread-safe.
 *
 * <p>An address does not keep an automatic arena alive, so the owners of the memory are kept reachable until the call
 * returns.
 */
final class Avx2NativeKernel extends Kernel {

    /** Codes that stay in the cache while all columns are processed: half of a 1 MiB L2 cache. */
    private static final long BATCH_BYTES = 512 << 10;

    /**
     * The least columns for AMX. 16 took a quarter of the time of AVX-512 VNNI in a trial on Emerald Rapids, and fewer take
     * as long as 16. Not measured.
     */
    private static final int LEAST_WIDE_COLUMNS = 8;

    private final long dequantize;
    private final long dequantizeRun;
    private final long gemvF32;
    private final long gemvI8;
    private final long gemmI8;
    private final long wideGemmI8;
    private final long groupedGemvI8;
    private final long groupedGemmI8;
    private final long gemmQ8;
    private final long gemmQ8I16;
    private final long listedGemvI8;
    private final long transposedGemvI8;
    private final int prefetch;
    private final int streamPrefetch;
    private final String description;

    /**
     * Creates a kernel.
     *
     * @param tiers the tiers to use, a subset of {@link Native#tiers}
     * @param tuning the choices for this CPU
     * @param origin where the library was loaded from
     */
    Avx2NativeKernel(int tiers, Tuning tuning, String origin) {
        this.dequantize = Tier.widest(Native.DEQUANTIZE, tiers);
        this.dequantizeRun = Tier.widest(Native.DEQUANTIZE_RUN, tiers);
        this.gemvF32 = Tier.widest(Native.GEMV_F32, tiers);
        this.gemvI8 = Tier.widest(Native.GEMV_I8, tiers & tuning.oneColumn().andNarrower());
        this.gemmI8 = Tier.widest(Native.GEMM_I8, tiers);
        this.wideGemmI8 = Tier.widest(Native.WIDE_GEMM_I8, tiers);
        this.groupedGemvI8 = Tier.widest(Native.GROUPED_GEMV_I8, tiers);
        this.groupedGemmI8 = Tier.widest(Native.GROUPED_GEMM_I8, tiers);
        this.gemmQ8 = Tier.widest(Native.GEMM_Q8, tiers);
        this.gemmQ8I16 = Tier.widest(Native.GEMM_Q8_I16, tiers);
        this.listedGemvI8 =
                Tier.widest(Native.LISTED_GEMV_I8, tiers & tuning.oneColumn().andNarrower());
        this.transposedGemvI8 = Tier.widest(Native.TRANSPOSED_GEMV_I8, tiers);
        this.prefetch = tuning.prefetch();
        this.streamPrefetch = tuning.stream();
        this.description = description(tiers, Tier.built(), tuning, origin);
    }

    static String description(int tiers, int built, Tuning tuning, String origin) {
        return "C with AVX2 and FMA intrinsics" + Tier.uses(tiers) + Tier.missing(built) + ", prefetch " + tuning
                + ", from " + origin;
    }

    @Override
    protected void dequantizeRows(Qk256Matrix w, int fromRow, int toRow, F32Vector out) {
        try {
            if (w.isOffHeap() && isShortRun(w, toRow - fromRow)) {
                Codebook codebook = w.codebook();
                float scale = w.tensorScale();
                NativeCall.dequantizeRun(
                        w.codesAddress(fromRow),
                        (long) (toRow - fromRow) * w.cols(),
                        codebook.value0() * scale,
                        codebook.value1() * scale,
                        codebook.value2() * scale,
                        codebook.value3() * scale,
                        out,
                        dequantizeRun);
            } else if (w.isOffHeap() && out.isOffHeap()) {
                NativeCall.offHeap(dequantize, w, fromRow, toRow, 0, 1, 0, prefetch, out.address());
            } else {
                NativeCall.anywhere(
                        dequantize,
                        w,
                        fromRow,
                        toRow,
                        MemorySegment.NULL,
                        1,
                        MemorySegment.NULL,
                        prefetch,
                        out.segment(),
                        0,
                        w.cols());
            }
        } finally {
            Reference.reachabilityFence(w);
            Reference.reachabilityFence(out);
        }
    }

    /** Whether the rows are few, their codes contiguous, and all have the same scale. */
    private static boolean isShortRun(Qk256Matrix w, int rows) {
        // Most short calls have one row; the order of tests keeps unneeded values out of registers.
        return (long) rows * w.cols() <= NativeCall.SHORT_WEIGHTS
                && !w.hasGroupScales()
                && (rows == 1 || w.rowStride() == w.cols() / 4);
    }

    @Override
    protected void gemvF32Rows(Qk256Matrix w, F32Vector x, int fromRow, int toRow, F32Vector y) {
        try {
            if (w.isOffHeap() && x.isOffHeap() && y.isOffHeap()) {
                NativeCall.offHeap(gemvF32, w, fromRow, toRow, x.address(), 1, 0, prefetch, y.address(fromRow));
            } else {
                NativeCall.anywhere(
                        gemvF32,
                        w,
                        fromRow,
                        toRow,
                        x.segment(),
                        1,
                        MemorySegment.NULL,
                        prefetch,
                        y.segment(),
                        fromRow,
                        1);
            }
        } finally {
            Reference.reachabilityFence(w);
            Reference.reachabilityFence(x);
            Reference.reachabilityFence(y);
        }
    }

    @Override
    protected void gemvI8Rows(Qk256Matrix w, I8Vector x, int fromRow, int toRow, F32Vector y) {
        long operation = w.hasGroupScales() || x.hasMultipliers() ? groupedGemvI8 : gemvI8;
        try {
            if (w.isOffHeap() && x.isAllOffHeap() && y.isOffHeap()) {
                NativeCall.offHeap(
                        operation,
                        w,
                        fromRow,
                        toRow,
                        x.address(),
                        x.scale(),
                        x.multipliersAddress(),
                        prefetch,
                        y.address(fromRow));
            } else {
                NativeCall.anywhere(
                        operation,
                        w,
                        fromRow,
                        toRow,
                        x.segment(),
                        x.scale(),
                        x.multipliers().orElse(MemorySegment.NULL),
                        prefetch,
                        y.segment(),
                        fromRow,
                        1);
            }
        } finally {
            Reference.reachabilityFence(w);
            Reference.reachabilityFence(x);
            Reference.reachabilityFence(y);
        }
    }

    @Override
    protected void gemmI8Rows(Qk256Matrix w, I8Batch x, int fromRow, int toRow, F32Vector y) {
        if (!w.isOffHeap() || !x.isAllOffHeap() || !y.isOffHeap()) {
            super.gemmI8Rows(w, x, fromRow, toRow, y);
            return;
        }
        boolean grouped = w.hasGroupScales() || x.hasMultipliers();
        if (wideGemmI8 != 0 && !grouped && x.columns() >= LEAST_WIDE_COLUMNS) {
            try (Arena arena = Arena.ofConfined()) {
                columns(w, x, fromRow, toRow, arena.allocate(NativeCall.wideScratch(w), 64), gemmI8, y);
            }
        } else {
            columns(w, x, fromRow, toRow, MemorySegment.NULL, grouped ? groupedGemmI8 : gemmI8, y);
        }
    }

    /** Multiplies as many columns as possible with the wide operation, if there is scratch memory for it. */
    private void columns(
            Qk256Matrix w, I8Batch x, int fromRow, int toRow, MemorySegment scratch, long operation, F32Vector y) {
        try {
            int batch = (int) Math.max(1, BATCH_BYTES / Qk256.rowBytes(w.cols()));
            for (int row = fromRow, rows; row < toRow; row += rows) {
                rows = Math.min(batch, toRow - row);
                int column = 0;
                while (scratch.byteSize() > 0 && x.columns() - column >= LEAST_WIDE_COLUMNS) {
                    NativeCall.wide(wideGemmI8, w, row, rows, x, column, prefetch, scratch, y);
                    column += Native.WIDE_COLUMNS;
                }
                for (; column < x.columns(); column += Native.GEMM_COLUMNS) {
                    NativeCall.columns(operation, w, row, rows, x, column, prefetch, y);
                }
            }
        } finally {
            Reference.reachabilityFence(w);
            Reference.reachabilityFence(x);
            Reference.reachabilityFence(y);
        }
    }

    @Override
    protected void gemmQ8Rows(Q8Matrix w, I8Batch x, int fromRow, int toRow, F32Vector y) {
        if (!w.isOffHeap() || !x.isAllOffHeap() || !y.isOffHeap()) {
            super.gemmQ8Rows(w, x, fromRow, toRow, y);
            return;
        }
        try {
            int batch = rowsOfBatch(w);
            for (int row = fromRow, end; row < toRow; row = end) {
                end = (int) Math.min(toRow, row - row % Q8Matrix.TILE_ROWS + (long) batch);
                for (int column = 0; column < x.columns(); column += Native.GEMM_COLUMNS) {
                    NativeCall.q8(gemmQ8, w, row, end - row, x, column, streamPrefetch, y);
                }
            }
        } finally {
            Reference.reachabilityFence(w);
            Reference.reachabilityFence(x);
            Reference.reachabilityFence(y);
        }
    }

    @Override
    protected void gemmQ8Rows(Q8Matrix w, I16Batch x, int fromRow, int toRow, F32Vector y) {
        if (!w.isOffHeap() || !x.isOffHeap() || !y.isOffHeap()) {
            super.gemmQ8Rows(w, x, fromRow, toRow, y);
            return;
        }
        try {
            int batch = rowsOfBatch(w);
            for (int row = fromRow, end; row < toRow; row = end) {
                end = (int) Math.min(toRow, row - row % Q8Matrix.TILE_ROWS + (long) batch);
                for (int column = 0; column < x.columns(); column += Native.Q8_I16_COLUMNS) {
                    NativeCall.q8(gemmQ8I16, w, row, end - row, x, column, streamPrefetch, y);
                }
            }
        } finally {
            Reference.reachabilityFence(w);
            Reference.reachabilityFence(x);
            Reference.reachabilityFence(y);
        }
    }

    /** 8-bit rows, in whole tiles, that stay in the cache while all columns are processed. */
    private static int rowsOfBatch(Q8Matrix w) {
        long tiles = Math.max(1, BATCH_BYTES / ((long) w.groups() * Q8Matrix.BLOCK_BYTES));
        return (int) tiles * Q8Matrix.TILE_ROWS;
    }

    @Override
    protected void gemvListedRows(Qk256Matrix w, I8Vector x, IndexList listed, int fromRow, int toRow, F32Vector y) {
        boolean grouped = w.hasGroupScales() || x.hasMultipliers();
        if (grouped || !w.isOffHeap() || !x.isOffHeap() || !y.isOffHeap()) {
            super.gemvListedRows(w, x, listed, fromRow, toRow, y);
            return;
        }
        try {
            int from = listed.position(fromRow);
            int to = listed.position(toRow);
            NativeCall.listed(listedGemvI8, w, x, listed, from, to, 0, w.cols(), prefetch, y);
        } finally {
            Reference.reachabilityFence(listed);
            Reference.reachabilityFence(w);
            Reference.reachabilityFence(x);
            Reference.reachabilityFence(y);
        }
    }

    @Override
    protected void gemvTransposedCols(
            Qk256Matrix w, I8Vector x, IndexList listed, int fromCol, int toCol, F32Vector y) {
        if (!w.isOffHeap() || !x.isOffHeap() || !y.isOffHeap()) {
            super.gemvTransposedCols(w, x, listed, fromCol, toCol, y);
            return;
        }
        try {
            NativeCall.listed(transposedGemvI8, w, x, listed, 0, listed.size(), fromCol, toCol, prefetch, y);
        } finally {
            Reference.reachabilityFence(listed);
            Reference.reachabilityFence(w);
            Reference.reachabilityFence(x);
            Reference.reachabilityFence(y);
        }
    }

    @Override
    public String toString() {
        return description;
    }
}
