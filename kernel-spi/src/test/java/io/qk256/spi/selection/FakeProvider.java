package io.qk256.spi.selection;

import io.qk256.spi.Contract;
import io.qk256.spi.CpuFeature;
import io.qk256.spi.JvmFeature;
import io.qk256.spi.Kernel;
import io.qk256.spi.KernelProvider;
import io.qk256.spi.KernelUnavailableException;
import io.qk256.spi.Requirements;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/** Provides a working kernel, and counts how often it is opened. */
class FakeProvider implements KernelProvider {

    private final String name;
    private final int rank;
    private final Requirements requirements;
    private int opened;

    FakeProvider(String name, int rank, CpuFeature... cpu) {
        this(name, rank, new Requirements(Set.of(cpu), Set.of()));
    }

    private FakeProvider(String name, int rank, Requirements requirements) {
        this.name = name;
        this.rank = rank;
        this.requirements = requirements;
    }

    static FakeProvider needing(String name, int rank, JvmFeature... jvm) {
        return new FakeProvider(name, rank, new Requirements(Set.of(), Set.of(jvm)));
    }

    /** As if found in a plugin. */
    KernelSource source() {
        return source("com.example." + name);
    }

    KernelSource source(String label) {
        return source(label, "/plugins/" + name + ".jar", () -> this);
    }

    static KernelSource source(String label, String origin, Supplier<KernelProvider> provider) {
        return new KernelSource(
                label, Artifact.ofPlugin("com.example", Optional.of("1.2"), origin, Optional.empty(), false), provider);
    }

    /** Returned by {@link #open}, which counts before it may fail. */
    Kernel kernel() throws KernelUnavailableException {
        return new PlainKernel();
    }

    int timesOpened() {
        return opened;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String contractVersion() {
        return Contract.VERSION;
    }

    @Override
    public Requirements requirements() {
        return requirements;
    }

    @Override
    public int rank() {
        return rank;
    }

    @Override
    public final Kernel open() throws KernelUnavailableException {
        opened++;
        return kernel();
    }
}
