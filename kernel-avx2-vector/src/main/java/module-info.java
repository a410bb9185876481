/** The kernel written with the Java Vector API: 256-bit vectors, no native code. */
module io.qk256.avx2.vector {
    requires io.qk256.spi;
    requires jdk.incubator.vector;
    requires static org.jspecify;

    provides io.qk256.spi.KernelProvider with
            io.qk256.avx2.vector.Avx2VectorProvider;
}
