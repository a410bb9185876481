package io.qk256.spi.plugin;

import io.qk256.spi.selection.KernelSource;
import io.qk256.spi.selection.VerdictCache;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Probing of kernels in child processes: a kernel that crashes there, hangs, ends its process or eats memory is rejected
 * with that reason, before any of its code runs in this JVM. A kernel that passes there goes through the same gates here.
 *
 * <p>The child is a JVM on the same module path and class path, with a limit on time, 256 MiB of heap, as much of direct buffers, and, on
 * Linux, 1 GiB in memory and 6 GiB of address space in all. Its standard streams go nowhere; processes that it leaves behind
 * are killed as far as they can be found.
 *
 * @param timeLimit for one kernel, from the start of the child to its end
 * @param cpuName the name of the CPU: a verdict counts for this one
 * @param cache where verdicts are kept; without one, every selection probes anew
 */
public record Probing(Duration timeLimit, String cpuName, Optional<VerdictCache> cache) {

    private static final Duration USUAL_TIME_LIMIT = Duration.ofSeconds(10);

    /** Probing. */
    public Probing {
        if (timeLimit.isNegative() || timeLimit.isZero()) {
            throw new IllegalArgumentException("time limit " + timeLimit + ", expected more than nothing");
        }
    }

    /**
     * Probing with ten seconds for each kernel, and the verdicts in the user's cache.
     *
     * @param cpuName the name of the CPU
     */
    public static Probing usual(String cpuName) {
        return new Probing(USUAL_TIME_LIMIT, cpuName, VerdictCache.ofUser());
    }

    /** The same kernels, to be probed when they are examined. */
    public List<KernelSource> of(List<KernelSource> sources) {
        return sources.stream()
                .map(source -> source.stop().isPresent() ? source : source.probedBy(new ChildProbe(source, this)))
                .toList();
    }
}
