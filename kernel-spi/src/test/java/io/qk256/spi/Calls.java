package io.qk256.spi;

import java.util.List;

/** Calls all operations with one signature. */
final class Calls {

    private Calls() {}

    static void run(Operation operation, Kernel kernel, Views v, int fromRow, int toRow) {
        switch (operation) {
            case DEQUANTIZE -> kernel.dequantize(v.w(), fromRow, toRow, v.out());
            case GEMV_F32 -> kernel.gemv(v.w(), v.x(), fromRow, toRow, v.out());
            case GEMV_I8 -> kernel.gemv(v.w(), v.q(), fromRow, toRow, v.out());
            case GEMM_I8 -> kernel.gemm(v.w(), v.batch(), fromRow, toRow, v.out());
            case GEMM_Q8 -> kernel.gemm(v.wide(), v.batch(), fromRow, toRow, v.out());
            case GEMV_LISTED -> kernel.gemvListed(v.w(), v.q(), v.listed(), fromRow, toRow, v.out());
            case GEMV_TRANSPOSED -> kernel.gemvTransposed(v.byColumns(), v.q(), v.listed(), fromRow, toRow, v.out());
        }
    }

    static void runAllRows(Operation operation, Kernel kernel, Views v) {
        switch (operation) {
            case DEQUANTIZE -> kernel.dequantize(v.w(), v.out());
            case GEMV_F32 -> kernel.gemv(v.w(), v.x(), v.out());
            case GEMV_I8 -> kernel.gemv(v.w(), v.q(), v.out());
            case GEMM_I8 -> kernel.gemm(v.w(), v.batch(), v.out());
            case GEMM_Q8 -> kernel.gemm(v.wide(), v.batch(), v.out());
            case GEMV_LISTED -> kernel.gemvListed(v.w(), v.q(), v.listed(), v.out());
            case GEMV_TRANSPOSED -> kernel.gemvTransposed(v.byColumns(), v.q(), v.listed(), v.out());
        }
    }

    /** The views that the kernel gets. */
    static List<Object> arguments(Operation operation, Views v) {
        return switch (operation) {
            case DEQUANTIZE -> List.of(v.w(), v.out());
            case GEMV_F32 -> List.of(v.w(), v.x(), v.out());
            case GEMV_I8 -> List.of(v.w(), v.q(), v.out());
            case GEMM_I8 -> List.of(v.w(), v.batch(), v.out());
            case GEMM_Q8 -> List.of(v.wide(), v.batch(), v.out());
            case GEMV_LISTED -> List.of(v.w(), v.q(), v.listed(), v.out());
            case GEMV_TRANSPOSED -> List.of(v.byColumns(), v.q(), v.listed(), v.out());
        };
    }

    static String outName(Operation operation) {
        return operation == Operation.DEQUANTIZE ? "out" : "y";
    }

    /** The length of the output for a range of rows. */
    static int outLength(Operation operation, int rowsInRange) {
        return switch (operation) {
            case DEQUANTIZE -> rowsInRange * Views.COLS;
            case GEMV_F32, GEMV_I8, GEMV_LISTED, GEMV_TRANSPOSED -> Views.ROWS;
            case GEMM_I8, GEMM_Q8 -> Views.BATCH * Views.ROWS;
        };
    }

    /** How messages describe that length. */
    static String outShape(Operation operation) {
        return switch (operation) {
            case DEQUANTIZE -> "rows in the range x cols";
            case GEMV_F32, GEMV_I8, GEMV_LISTED -> "rows";
            case GEMV_TRANSPOSED -> "cols";
            case GEMM_I8, GEMM_Q8 -> "columns x rows";
        };
    }

    /** What messages call a range. */
    static String range(Operation operation) {
        return operation == Operation.GEMV_TRANSPOSED ? "columns" : "rows";
    }

    /** What messages call the length of the input. */
    static String inShape(Operation operation) {
        return operation == Operation.GEMV_TRANSPOSED ? "rows" : "cols";
    }
}
