package io.qk256.tck.bench;

import io.qk256.spi.CpuFeature;
import io.qk256.spi.Kernel;
import io.qk256.spi.selection.Candidate;
import io.qk256.spi.selection.CpuFeatures;
import io.qk256.spi.selection.CpuFeatures.Presence;
import io.qk256.spi.selection.KernelSelector;
import io.qk256.spi.selection.Selection;
import java.util.List;
import java.util.Locale;

/** The kernels to measure. */
final class Kernels {

    /**
     * The features that this CPU is known to have, separated by commas. The caller sets it; kernels that do not check
     * the CPU themselves depend on it.
     */
    static final String CPU_FEATURES = "qk256.bench.cpu";

    private Kernels() {}

    /** The names of all kernels that are usable here, highest rank first. */
    static List<String> usable() {
        return select().candidates().stream()
                .filter(candidate -> candidate.kernel().isPresent())
                .map(Candidate::name)
                .toList();
    }

    static Kernel open(String name) {
        return select().candidate(name)
                .flatMap(Candidate::kernel)
                .orElseThrow(() -> new IllegalArgumentException(
                        "kernel: '" + name + "' is not usable here, expected one of " + usable()));
    }

    private static Selection select() {
        CpuFeatures cpu = CpuFeatures.unknown();
        for (String label : System.getProperty(CPU_FEATURES, "").split(",", -1)) {
            if (!label.isBlank()) {
                cpu = cpu.with(CpuFeature.valueOf(label.strip().toUpperCase(Locale.ROOT)), Presence.PRESENT);
            }
        }
        return KernelSelector.select(cpu);
    }
}
