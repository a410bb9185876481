package io.qk256.spi;

/**
 * Makes a {@link Kernel} available: the service that a kernel's module provides.
 *
 * <pre>{@code
 * module com.example.kernel {
 *     requires io.qk256.spi;
 *     provides io.qk256.spi.KernelProvider with com.example.kernel.MyProvider;
 * }
 * }</pre>
 *
 * <p>Providers are asked in this order, and only as far as each answer allows: constructor, {@link #name},
 * {@link #rank}, {@link #contractVersion}, {@link #requirements}, {@link #open}. Everything before {@code open}
 * must run on any machine: no native code, no vector code, no file access. Whatever a provider throws costs it its
 * place and nothing else.
 */
public interface KernelProvider {

    /** The name that users type: lower case letters, digits and hyphens, such as {@code avx2-native}. */
    String name();

    /**
     * The contract that the provider was built for. Return {@link Contract#VERSION}: the compiler copies
     * its value into the provider.
     */
    String contractVersion();

    /** What the kernel needs of the machine. */
    Requirements requirements();

    /**
     * The provider's claim of speed; of the usable kernels the highest rank is selected. The built-in
     * ones have: scalar 0, avx2-vector 200, avx2-native 300.
     */
    int rank();

    /**
     * Whether {@link #open} asks the machine itself for the features that it needs before it runs any of
     * them, or runs none that could fault. Then a CPU feature of which nothing is known does not keep the kernel
     * from being opened; otherwise it does, unless the user forces the kernel.
     */
    default boolean checksCpuItself() {
        return false;
    }

    /**
     * Opens the kernel. Called when the requirements are met, at most once per selection.
     *
     * @throws KernelUnavailableException if the kernel cannot run here
     */
    Kernel open() throws KernelUnavailableException;
}
