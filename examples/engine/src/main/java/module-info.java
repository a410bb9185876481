/** An engine that multiplies with 2-bit weights. It knows the contract alone; kernels come by themselves. */
module com.example.engine {
    requires io.qk256.spi;
}
