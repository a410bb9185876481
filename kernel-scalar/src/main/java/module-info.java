/** The reference kernel: plain Java, correct everywhere. */
module io.qk256.scalar {
    requires io.qk256.spi;
    requires static org.jspecify;

    provides io.qk256.spi.KernelProvider with
            io.qk256.scalar.ScalarProvider;
}
