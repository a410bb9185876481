/** An engine that multiplies with 2-bit weights. It depends on the contract only; kernels are found at run time. */
module com.example.engine {
    requires io.qk256.spi;
}
