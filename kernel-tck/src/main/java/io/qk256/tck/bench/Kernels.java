package io.qk256.tck.bench;

import io.qk256.spi.CpuFeatures;
import io.qk256.spi.Kernel;
import io.qk256.spi.selection.Candidate;
import io.qk256.spi.selection.KernelSelector;
import java.util.List;

/** The kernels to measure. */
final class Kernels {

    private Kernels() {}

    /** The names of all that are usable here, best rank first. */
    static List<String> usable() {
        return KernelSelector.select(CpuFeatures.unknown()).candidates().stream()
                .filter(candidate -> candidate.kernel().isPresent())
                .map(Candidate::name)
                .toList();
    }

    static Kernel open(String name) {
        return KernelSelector.select(CpuFeatures.unknown())
                .candidate(name)
                .flatMap(Candidate::kernel)
                .orElseThrow(() -> new IllegalArgumentException(
                        "kernel " + name + " is not usable here, expected one of " + usable()));
    }
}
