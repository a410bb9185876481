package io.qk256.llm.model;

import io.qk256.spi.Kernel;
import io.qk256.spi.KernelProvider;
import io.qk256.spi.KernelUnavailableException;
import io.qk256.spi.selection.KernelSource;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;

/** The kernels of this build. */
final class Kernels {

    private Kernels() {}

    /** The kernels that this machine supports, by name. */
    static Map<String, Kernel> all() {
        Map<String, Kernel> kernels = new LinkedHashMap<>();
        for (KernelSource source : KernelSource.find()) {
            KernelProvider provider = source.provider().get();
            try {
                kernels.put(provider.name(), provider.open());
            } catch (KernelUnavailableException e) {
                // Not usable on this machine; the others are compared with each other.
            }
        }
        return kernels;
    }

    static Kernel fastest() {
        Map<String, Kernel> kernels = all();
        return Stream.of("avx2-native", "avx2-vector", "scalar")
                .flatMap(name -> Stream.ofNullable(kernels.get(name)))
                .findFirst()
                .orElseThrow();
    }

    static Kernel scalar() {
        return Objects.requireNonNull(all().get("scalar"), "kernel-scalar is not on the module path");
    }
}
