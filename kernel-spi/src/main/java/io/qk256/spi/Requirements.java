package io.qk256.spi;

import java.util.Set;

/**
 * What a kernel needs of the machine before any of its code may run.
 *
 * @param cpu every instruction-set extension that the kernel uses
 * @param jvm what it needs of the JVM
 */
public record Requirements(Set<CpuFeature> cpu, Set<JvmFeature> jvm) {

    /** Runs everywhere. */
    public static final Requirements NONE = new Requirements(Set.of(), Set.of());

    /** Requirements. */
    public Requirements {
        cpu = Set.copyOf(cpu);
        jvm = Set.copyOf(jvm);
    }
}
