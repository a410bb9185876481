/** A kernel in C with AVX-512 intrinsics, behind JNI. */
module com.example.avx512 {
    requires io.qk256.spi;

    provides io.qk256.spi.KernelProvider with
            com.example.avx512.Avx512Provider;
}
