/** The contract between 2-bit weight kernels and the engines that use them. */
module io.qk256.spi {
    requires static org.jspecify;

    exports io.qk256.spi;
    exports io.qk256.spi.plugin;
    exports io.qk256.spi.selection;

    uses io.qk256.spi.KernelProvider;
}
