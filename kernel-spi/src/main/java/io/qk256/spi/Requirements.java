package io.qk256.spi;

import java.util.Set;

/**
 * What a kernel requires of the machine before any of its code may run.
 *
 * @param cpu every instruction-set extension that the kernel uses
 * @param jvm what the kernel requires of the JVM
 */
public record Requirements(Set<CpuFeature> cpu, Set<JvmFeature> jvm) {

    /** No requirements: the kernel runs everywhere. */
    public static final Requirements NONE = new Requirements(Set.of(), Set.of());

    /** Creates requirements. */
    public Requirements {
        cpu = Set.copyOf(cpu);
        jvm = Set.copyOf(jvm);
    }
}
