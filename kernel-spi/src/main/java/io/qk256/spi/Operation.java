package io.qk256.spi;

/** The operations of a kernel, in the order of the contract. */
public enum Operation {
    /** {@link Kernel#dequantize}. */
    DEQUANTIZE("dequantize"),
    /** {@link Kernel#gemv(Qk256Matrix, F32Vector, int, int, F32Vector) Kernel.gemv} with an f32 vector. */
    GEMV_F32("gemv-f32"),
    /** {@link Kernel#gemv(Qk256Matrix, I8Vector, int, int, F32Vector) Kernel.gemv} with an int8 vector. */
    GEMV_I8("gemv-i8"),
    /** {@link Kernel#gemm(Qk256Matrix, I8Batch, int, int, F32Vector) Kernel.gemm} with a batch of int8 vectors. */
    GEMM_I8("gemm-i8"),
    /**
     * {@link Kernel#gemm(Q8Matrix, I8Batch, int, int, F32Vector) Kernel.gemm} of 8-bit weights, with a batch of int8 or
     * {@linkplain Kernel#gemm(Q8Matrix, I16Batch, int, int, F32Vector) int16} vectors.
     */
    GEMM_Q8("gemm-q8"),
    /** {@link Kernel#gemvListed}: some rows, with an int8 vector. */
    GEMV_LISTED("gemv-listed"),
    /** {@link Kernel#gemvTransposed}: the transposed matrix, with some values of an int8 vector. */
    GEMV_TRANSPOSED("gemv-transposed");

    private final String label;

    Operation(String label) {
        this.label = label;
    }

    /** The operation's name in tables and files. */
    public String label() {
        return label;
    }
}
