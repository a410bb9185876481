package io.qk256.spi.plugin;

import io.qk256.spi.selection.KernelSource;
import io.qk256.spi.selection.VerdictCache;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Probes kernels in child processes. A kernel that crashes there, hangs, ends its process or uses up memory is rejected
 * with that reason, before any of its code runs in this JVM. A kernel that passes there goes through the same gates
 * here.
 *
 * <p>The child is a JVM on the same module path and class path, limited in time, to 256 MiB of heap and as much in
 * direct buffers, and, on Linux, to 1 GiB of resident memory and 6 GiB of address space in all. Its standard streams
 * are discarded; processes that it leaves behind are killed as far as they can be found.
 *
 * @param timeLimit for one kernel, from the start of the child to its end
 * @param cpuName the name of the CPU; a verdict is valid for this CPU only
 * @param cache where verdicts are kept; without a cache every selection probes again
 */
public record Probing(Duration timeLimit, String cpuName, Optional<VerdictCache> cache) {

    private static final Duration USUAL_TIME_LIMIT = Duration.ofSeconds(10);

    /** Creates a probing configuration. */
    public Probing {
        if (timeLimit.isNegative() || timeLimit.isZero()) {
            throw new IllegalArgumentException("time limit " + timeLimit + ", expected more than zero");
        }
    }

    /**
     * Returns probing with ten seconds for each kernel and verdicts in the user's cache.
     *
     * @param cpuName the name of the CPU
     */
    public static Probing usual(String cpuName) {
        return new Probing(USUAL_TIME_LIMIT, cpuName, VerdictCache.ofUser());
    }

    /** Returns the same kernels, to be probed when they are examined. */
    public List<KernelSource> of(List<KernelSource> sources) {
        return sources.stream()
                .map(source -> source.stop().isPresent() ? source : source.probedBy(new ChildProbe(source, this)))
                .toList();
    }
}
