package io.qk256.spi.selection;

/** The operations of a kernel, in the order of the contract. */
public enum Operation {
    /** Decoding. */
    DEQUANTIZE("dequantize"),
    /** The product with an f32 vector. */
    GEMV_F32("gemv-f32"),
    /** The product with an int8 vector. */
    GEMV_I8("gemv-i8"),
    /** The product with several int8 vectors. */
    GEMM("gemm");

    private final String label;

    Operation(String label) {
        this.label = label;
    }

    /** The operation's name in tables and files. */
    public String label() {
        return label;
    }
}
