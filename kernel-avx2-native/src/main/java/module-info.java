/** The kernel in C with AVX2 and FMA intrinsics, behind JNI. */
module io.qk256.avx2.jni {
    requires io.qk256.spi;
    requires static org.jspecify;

    provides io.qk256.spi.KernelProvider with
            io.qk256.avx2.jni.Avx2NativeProvider;
    provides io.qk256.spi.support.MemoryReader.Source with
            io.qk256.avx2.jni.PrefetchedReaders;
    provides io.qk256.spi.support.Q8Rounding.Source with
            io.qk256.avx2.jni.NativeRounding;
    provides io.qk256.spi.support.F16Attention.Source with
            io.qk256.avx2.jni.NativeAttention;
}
