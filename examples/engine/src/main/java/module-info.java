/** An engine that multiplies 2-bit weights and runs models. It depends on no kernel; kernels are found at run time. */
module com.example.engine {
    requires io.qk256.llm;
    requires io.qk256.spi;
}
