/** An engine that multiplies with 2-bit weights and runs models. It knows no kernel: they are found when it runs. */
module com.example.engine {
    requires io.qk256.llm;
    requires io.qk256.spi;
}
