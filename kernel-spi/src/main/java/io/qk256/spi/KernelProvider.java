package io.qk256.spi;

/**
 * Makes a {@link Kernel} available: the service that a kernel module provides.
 *
 * <pre>{@code
 * module com.example.kernel {
 *     requires io.qk256.spi;
 *     provides io.qk256.spi.KernelProvider with com.example.kernel.MyProvider;
 * }
 * }</pre>
 *
 * <p>The selector calls a provider in this order, and only as far as each answer allows: constructor, {@link #name},
 * {@link #rank}, {@link #contractVersion}, {@link #requirements}, {@link #open}. Everything before {@code open}
 * must run on any machine: no native code, no vector code, no file access. A provider that throws is rejected;
 * nothing else is affected.
 */
public interface KernelProvider {

    /** The name that users type: lowercase letters, digits and hyphens, such as {@code avx2-native}. */
    String name();

    /**
     * The contract version that the provider was built for. Return {@link Contract#VERSION}: the compiler copies
     * its value into the provider.
     */
    String contractVersion();

    /** What the kernel requires of the machine. */
    Requirements requirements();

    /**
     * The provider's claimed speed. The usable kernel with the highest rank is selected. The built-in
     * kernels have: scalar 0, avx2-vector 200, avx2-native 300.
     */
    int rank();

    /**
     * Whether {@link #open} itself checks that the machine has the CPU features before it executes any such
     * instruction, or executes none that could fault. If true, a CPU feature whose presence is unknown does not prevent
     * the kernel from being opened. If false, it does, unless the user forces the kernel.
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
