/** A kernel that decodes a byte at a time. */
module com.example.bytewise {
    requires io.qk256.spi;

    provides io.qk256.spi.KernelProvider with
            com.example.bytewise.BytewiseProvider;
}
