/** The contract between 2-bit weight kernels and the engines that use them. */
module io.qk256.spi {
    requires static org.jspecify;

    exports io.qk256.spi;
    exports io.qk256.spi.memory;
    exports io.qk256.spi.parallel;
    exports io.qk256.spi.plugin;
    exports io.qk256.spi.selection;

    // For the project's own modules; not part of the API.
    exports io.qk256.spi.support to
            io.qk256.app,
            io.qk256.avx2.jni,
            io.qk256.gguf,
            io.qk256.llm,
            io.qk256.server,
            io.qk256.tck;

    uses io.qk256.spi.KernelProvider;
    uses io.qk256.spi.support.F16Attention.Source;
    uses io.qk256.spi.support.MemoryReader.Source;
    uses io.qk256.spi.support.Q8Rounding.Source;
}
