package com.example.avx512;

import io.qk256.spi.Contract;
import io.qk256.spi.CpuFeature;
import io.qk256.spi.Kernel;
import io.qk256.spi.KernelProvider;
import io.qk256.spi.KernelUnavailableException;
import io.qk256.spi.Requirements;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Declares the name, the requirements and the rank of the kernel. Everything except {@link #open} runs on any machine.
 */
public final class Avx512Provider implements KernelProvider {

    /** In the order of the bits of {@link Native#missingCpuFeatures}. */
    static final List<CpuFeature> NEEDED = List.of(
            CpuFeature.AVX2,
            CpuFeature.AVX512F,
            CpuFeature.AVX512BW,
            CpuFeature.AVX512VL,
            CpuFeature.AVX512_VNNI);

    /** Called by the service loader. */
    public Avx512Provider() {}

    @Override
    public String name() {
        return "avx512-native";
    }

    @Override
    public String contractVersion() {
        return Contract.VERSION;
    }

    @Override
    public Requirements requirements() {
        return new Requirements(Set.copyOf(NEEDED), Set.of());
    }

    @Override
    public int rank() {
        return 400;
    }

    /** Not every operating system reports AVX-512, so {@link #open} checks the CPU, with code that runs on any x86-64. */
    @Override
    public boolean checksCpuItself() {
        return true;
    }

    @Override
    public Kernel open() throws KernelUnavailableException {
        NativeLibrary.load();
        requireCpu(Native.missingCpuFeatures());
        return new Avx512Kernel();
    }

    static void requireCpu(int missing) throws KernelUnavailableException {
        if (missing != 0) {
            String names = IntStream.range(0, NEEDED.size())
                    .filter(i -> (missing >> i & 1) != 0)
                    .mapToObj(i -> NEEDED.get(i).label())
                    .collect(Collectors.joining(", "));
            throw new KernelUnavailableException("the CPU lacks " + names
                    + ", or the operating system does not enable it; use another kernel");
        }
    }
}
