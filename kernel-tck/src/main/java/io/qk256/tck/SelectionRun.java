package io.qk256.tck;

import io.qk256.spi.Kernel;
import io.qk256.spi.KernelProvider;
import io.qk256.spi.KernelUnavailableException;
import io.qk256.spi.Requirements;
import io.qk256.spi.selection.Candidate;
import io.qk256.spi.selection.Candidate.Step;
import io.qk256.spi.selection.CpuFeatures;
import io.qk256.spi.selection.Jvm;
import io.qk256.spi.selection.KernelSelector;
import io.qk256.spi.selection.KernelSource;
import io.qk256.spi.selection.SelectionOptions;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The examination of a provider by the selection, on this machine or a simulated one.
 *
 * @param candidate the outcome
 * @param openings how often it was asked to open its kernel
 * @param opened the kernel that it opened, even if that failed its self-test
 * @param floats what opening and the self-test did to the floating-point environment
 */
record SelectionRun(Candidate candidate, int openings, Optional<Kernel> opened, FloatWatch floats) {

    static SelectionRun of(KernelProvider provider, CpuFeatures cpu, Jvm jvm, SelectionOptions wishes) {
        FloatWatch floats = new FloatWatch();
        Watched watched = new Watched(provider, floats);
        FloatEnvironment before = FloatEnvironment.current();
        Candidate candidate = KernelSelector.select(List.of(KernelSource.of(watched)), cpu, jvm, wishes)
                .candidates()
                .getFirst();
        floats.check(before, () -> "the self-test");
        return new SelectionRun(candidate, watched.openings, Optional.ofNullable(watched.opened), floats);
    }

    /** The last gate that the provider reached. */
    Step lastStep() {
        return candidate.steps().getLast();
    }

    /** Whether the provider passed all gates. */
    boolean passed() {
        return candidate.kernel().isPresent();
    }

    /** Whether the provider kept its contract, but the machine lacks what it requires. */
    boolean machineLacksSomething() {
        return switch (lastStep().gate()) {
            case CPU, JVM -> !lastStep().passed() && candidate.failure().isEmpty();
            case OPENED -> candidate.failure().orElse(null) instanceof KernelUnavailableException;
            case INSTALLED, RESOLVED, PROBED, FOUND, CONTRACT, SELF_TEST -> false;
        };
    }

    /** Delegates to a provider, and remembers whether it was opened. */
    private static final class Watched implements KernelProvider {

        private final KernelProvider provider;
        private final FloatWatch floats;
        private int openings;
        private @Nullable Kernel opened;

        Watched(KernelProvider provider, FloatWatch floats) {
            this.provider = provider;
            this.floats = floats;
        }

        @Override
        public String name() {
            return provider.name();
        }

        @Override
        public String contractVersion() {
            return provider.contractVersion();
        }

        @Override
        public Requirements requirements() {
            return provider.requirements();
        }

        @Override
        public int rank() {
            return provider.rank();
        }

        @Override
        public boolean checksCpuItself() {
            return provider.checksCpuItself();
        }

        @Override
        public Kernel open() throws KernelUnavailableException {
            openings++;
            FloatEnvironment before = FloatEnvironment.current();
            try {
                opened = provider.open();
            } finally {
                floats.check(before, () -> "open()");
            }
            return opened;
        }
    }
}
