package io.qk256.tck;

import io.qk256.spi.CpuFeature;
import io.qk256.spi.selection.CpuFeatures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/** What Linux reports about this machine's CPU; elsewhere nothing is known, and kernels are opened as if forced. */
final class HostCpu {

    private static final Path CPUINFO = Path.of("/proc/cpuinfo");

    private HostCpu() {}

    static CpuFeatures features() {
        try {
            return Files.isReadable(CPUINFO) ? parse(Files.readAllLines(CPUINFO)) : CpuFeatures.unknown();
        } catch (IOException e) {
            return CpuFeatures.unknown();
        }
    }

    /** The features that all cores have, from the lines "flags : ..." on x86 and "Features : ..." on Arm. */
    static CpuFeatures parse(List<String> cpuinfo) {
        List<Set<String>> cores = cpuinfo.stream()
                .filter(line -> line.startsWith("flags") || line.startsWith("Features"))
                .map(line -> Set.copyOf(Arrays.asList(
                        line.substring(line.indexOf(':') + 1).strip().split("\\s+"))))
                .distinct()
                .toList();
        if (cores.isEmpty()) {
            return CpuFeatures.unknown();
        }
        return CpuFeatures.of(Arrays.stream(CpuFeature.values())
                .filter(feature -> cores.stream().allMatch(flags -> flags.contains(linuxName(feature))))
                .toList());
    }

    private static String linuxName(CpuFeature feature) {
        return switch (feature) {
            case AVX512_VBMI -> "avx512vbmi";
            case DOTPROD -> "asimddp";
            default -> feature.label();
        };
    }
}
