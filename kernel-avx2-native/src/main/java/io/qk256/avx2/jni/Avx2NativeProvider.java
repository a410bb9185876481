package io.qk256.avx2.jni;

import io.qk256.spi.Contract;
import io.qk256.spi.CpuFeature;
import io.qk256.spi.Kernel;
import io.qk256.spi.KernelProvider;
import io.qk256.spi.KernelUnavailableException;
import io.qk256.spi.Requirements;
import io.qk256.spi.support.Environment;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Provides the kernel in C, for every CPU with AVX2 and FMA. When opened, it detects wider instruction sets of the CPU;
 * the kernel's description says which it uses. Runs no native code before it is opened.
 */
public final class Avx2NativeProvider implements KernelProvider {

    /** Called by the service loader. */
    public Avx2NativeProvider() {}

    @Override
    public String name() {
        return "avx2-native";
    }

    @Override
    public String contractVersion() {
        return Contract.VERSION;
    }

    @Override
    public Requirements requirements() {
        return new Requirements(Set.of(CpuFeature.AVX2, CpuFeature.FMA, CpuFeature.F16C), Set.of());
    }

    @Override
    public int rank() {
        return 300;
    }

    /** The library's entry points are compiled for any x86-64; {@link #open} asks them what the CPU supports. */
    @Override
    public boolean checksCpuItself() {
        return true;
    }

    @Override
    public Kernel open() throws KernelUnavailableException {
        String origin = load();
        int allowed = allowedTiers();
        Tuning tuning = Tuning.of(Native.cpu(), Native.tiers())
                .with(Environment.property(Tuning.PROPERTY).orElse(null));
        return new Avx2NativeKernel(allowed, tuning, origin);
    }

    /** The tiers that this machine has, up to the widest that the user wants. */
    private static int allowedTiers() throws KernelUnavailableException {
        return Native.tiers() & Tier.upTo(Environment.property(Tier.PROPERTY).orElse(null));
    }

    private static String load() throws KernelUnavailableException {
        String origin = NativeLibrary.load();
        requireCpu(Native.missingCpuFeatures());
        return origin;
    }

    /** Whether the JVM says nothing when this module loads its library. */
    static boolean mayLoadWithoutWarning() {
        return Avx2NativeProvider.class.getModule().isNativeAccessEnabled();
    }

    /** The tiers that {@link #open} would use; none if the kernel is not usable, and the list of kernels says why. */
    static int usableTiers() {
        try {
            load();
            return allowedTiers();
        } catch (KernelUnavailableException e) {
            return 0;
        }
    }

    /** Whether the library loads and the CPU runs its code; if not, the list of kernels says why. */
    static boolean isUsable() {
        try {
            load();
            return true;
        } catch (KernelUnavailableException e) {
            return false;
        }
    }

    static void requireCpu(int missing) throws KernelUnavailableException {
        List<String> names = new ArrayList<>();
        if ((missing & Native.NO_AVX2) != 0) {
            names.add(CpuFeature.AVX2.label());
        }
        if ((missing & Native.NO_FMA) != 0) {
            names.add(CpuFeature.FMA.label());
        }
        if ((missing & Native.NO_F16C) != 0) {
            names.add(CpuFeature.F16C.label());
        }
        if (!names.isEmpty()) {
            throw new KernelUnavailableException("the CPU lacks " + String.join(" and ", names)
                    + ", or the operating system does not enable it; use another kernel");
        }
    }
}
