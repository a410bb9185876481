package io.qk256.spi.selection;

import io.qk256.spi.CpuFeature;
import io.qk256.spi.JvmFeature;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;

/** A simulated CPU, a simulated JVM, and selections on them. */
final class Machines {

    /** Has everything. */
    static final CpuFeatures CPU = CpuFeatures.of(EnumSet.allOf(CpuFeature.class));

    /** Has everything. */
    static final Jvm JVM = new Jvm("a JVM", Map.of());

    private Machines() {}

    static CpuFeatures cpuWithout(CpuFeature... absent) {
        return CPU.restrictedTo(EnumSet.complementOf(EnumSet.copyOf(List.of(absent))));
    }

    static Jvm jvmWithout(JvmFeature feature, String reason) {
        return new Jvm("a JVM", Map.of(feature, reason));
    }

    static Selection select(FakeProvider... providers) {
        return select(SelectionOptions.NONE, providers);
    }

    static Selection select(SelectionOptions wishes, FakeProvider... providers) {
        return select(CPU, JVM, wishes, providers);
    }

    static Selection select(CpuFeatures cpu, Jvm jvm, SelectionOptions wishes, FakeProvider... providers) {
        return KernelSelector.select(
                Arrays.stream(providers).map(FakeProvider::source).toList(), cpu, jvm, wishes);
    }
}
