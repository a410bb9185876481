package io.qk256.spi;

import java.util.List;

/** The operations under one signature. */
enum Operation {
    DEQUANTIZE,
    GEMV_F32,
    GEMV_I8,
    GEMM_I8;

    void run(Kernel kernel, Views v, int fromRow, int toRow) {
        switch (this) {
            case DEQUANTIZE -> kernel.dequantize(v.w(), fromRow, toRow, v.out());
            case GEMV_F32 -> kernel.gemv(v.w(), v.x(), fromRow, toRow, v.out());
            case GEMV_I8 -> kernel.gemv(v.w(), v.q(), fromRow, toRow, v.out());
            case GEMM_I8 -> kernel.gemm(v.w(), v.batch(), fromRow, toRow, v.out());
        }
    }

    void runAllRows(Kernel kernel, Views v) {
        switch (this) {
            case DEQUANTIZE -> kernel.dequantize(v.w(), v.out());
            case GEMV_F32 -> kernel.gemv(v.w(), v.x(), v.out());
            case GEMV_I8 -> kernel.gemv(v.w(), v.q(), v.out());
            case GEMM_I8 -> kernel.gemm(v.w(), v.batch(), v.out());
        }
    }

    /** The views that the kernel gets. */
    List<Object> arguments(Views v) {
        return switch (this) {
            case DEQUANTIZE -> List.of(v.w(), v.out());
            case GEMV_F32 -> List.of(v.w(), v.x(), v.out());
            case GEMV_I8 -> List.of(v.w(), v.q(), v.out());
            case GEMM_I8 -> List.of(v.w(), v.batch(), v.out());
        };
    }

    String outName() {
        return this == DEQUANTIZE ? "out" : "y";
    }

    /** Length of the output for a range of rows. */
    int outLength(int rowsInRange) {
        return switch (this) {
            case DEQUANTIZE -> rowsInRange * Views.COLS;
            case GEMV_F32, GEMV_I8 -> Views.ROWS;
            case GEMM_I8 -> Views.BATCH * Views.ROWS;
        };
    }

    /** What messages say of that length. */
    String outShape() {
        return switch (this) {
            case DEQUANTIZE -> "rows in the range x cols";
            case GEMV_F32, GEMV_I8 -> "rows";
            case GEMM_I8 -> "columns x rows";
        };
    }
}
