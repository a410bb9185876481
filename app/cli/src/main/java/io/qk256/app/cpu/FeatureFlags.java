package io.qk256.app.cpu;

import io.qk256.spi.CpuFeature;
import io.qk256.spi.selection.CpuFeatures;
import io.qk256.spi.selection.CpuFeatures.Presence;
import java.util.Arrays;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Parses the feature flags that OSHI passes on in the operating system's own format:
 * <ul>
 *   <li>Linux: a line {@code flags : avx avx2 ...} (x86) or {@code Features : fp asimd ...} (Arm) with all flags, once
 *       per kind of core;
 *   <li>macOS on Intel: {@code machdep.cpu.features: ... AVX1.0} and two more lines; on Apple silicon one line
 *       such as {@code hw.optional.arm.FEAT_DotProd: 1} per feature;
 *   <li>Windows: {@code PF_AVX2_INSTRUCTIONS_AVAILABLE} and the like, for features that are present. Windows has no
 *       name for many features, and older versions omit some that the CPU has, so an unlisted feature is unknown.
 * </ul>
 */
final class FeatureFlags {

    /** All names used by the supported systems, in lower case. */
    private static final Map<String, CpuFeature> NAMES = Map.ofEntries(
            Map.entry("avx", CpuFeature.AVX),
            Map.entry("avx1.0", CpuFeature.AVX),
            Map.entry("pf_avx_instructions_available", CpuFeature.AVX),
            Map.entry("avx2", CpuFeature.AVX2),
            Map.entry("pf_avx2_instructions_available", CpuFeature.AVX2),
            Map.entry("fma", CpuFeature.FMA),
            Map.entry("f16c", CpuFeature.F16C),
            Map.entry("bmi2", CpuFeature.BMI2),
            Map.entry("pf_bmi2_instructions_available", CpuFeature.BMI2),
            Map.entry("avx_vnni", CpuFeature.AVX_VNNI),
            Map.entry("avx512f", CpuFeature.AVX512F),
            Map.entry("pf_avx512f_instructions_available", CpuFeature.AVX512F),
            Map.entry("avx512bw", CpuFeature.AVX512BW),
            Map.entry("avx512dq", CpuFeature.AVX512DQ),
            Map.entry("avx512vl", CpuFeature.AVX512VL),
            Map.entry("avx512vbmi", CpuFeature.AVX512_VBMI),
            Map.entry("avx512_vbmi", CpuFeature.AVX512_VBMI),
            Map.entry("avx512_vnni", CpuFeature.AVX512_VNNI),
            Map.entry("avx512vnni", CpuFeature.AVX512_VNNI),
            Map.entry("asimd", CpuFeature.ASIMD),
            Map.entry("hw.optional.advsimd", CpuFeature.ASIMD),
            Map.entry("hw.optional.neon", CpuFeature.ASIMD),
            Map.entry("pf_arm_neon_instructions_available", CpuFeature.ASIMD),
            Map.entry("asimddp", CpuFeature.DOTPROD),
            Map.entry("hw.optional.arm.feat_dotprod", CpuFeature.DOTPROD),
            Map.entry("pf_arm_v82_dp_instructions_available", CpuFeature.DOTPROD),
            Map.entry("i8mm", CpuFeature.I8MM),
            Map.entry("hw.optional.arm.feat_i8mm", CpuFeature.I8MM),
            Map.entry("pf_arm_v82_i8mm_instructions_available", CpuFeature.I8MM),
            Map.entry("sve", CpuFeature.SVE),
            Map.entry("pf_arm_sve_instructions_available", CpuFeature.SVE));

    private static final Set<CpuFeature> ARM =
            EnumSet.of(CpuFeature.ASIMD, CpuFeature.DOTPROD, CpuFeature.I8MM, CpuFeature.SVE);

    private FeatureFlags() {}

    /**
     * Parses OSHI's feature flags.
     *
     * @param flags the flags as OSHI returns them
     * @param architecture the JVM's {@code os.arch}: {@code amd64}, {@code aarch64}, ...
     */
    static CpuFeatures parse(List<String> flags, String architecture) {
        Set<CpuFeature> present = EnumSet.noneOf(CpuFeature.class);
        boolean complete = false;
        if (flags.stream().anyMatch(flag -> flag.startsWith("PF_"))) {
            present.addAll(named(flags));
        } else if (flags.stream().anyMatch(FeatureFlags::isLinux)) {
            present.addAll(commonToAllCores(flags));
            complete = true;
        } else {
            present.addAll(named(flags.stream().flatMap(FeatureFlags::macNames).toList()));
            complete = !present.isEmpty();
        }
        return onlyOf(architecture, present, complete);
    }

    private static boolean isLinux(String line) {
        String lower = line.toLowerCase(Locale.ROOT);
        return (lower.startsWith("flags") || lower.startsWith("features")) && line.contains(":");
    }

    /** A thread may move between kinds of cores, so a feature counts only if all kinds have it. */
    private static Set<CpuFeature> commonToAllCores(List<String> lines) {
        Set<CpuFeature> common = EnumSet.allOf(CpuFeature.class);
        for (String line : lines) {
            if (isLinux(line)) {
                common.retainAll(named(words(line)));
            }
        }
        return common;
    }

    private static Stream<String> macNames(String line) {
        if (line.startsWith("machdep.cpu.")) {
            return words(line).stream();
        }
        int colon = line.indexOf(':');
        boolean set = colon > 0 && line.substring(colon + 1).strip().equals("1");
        return set ? Stream.of(line.substring(0, colon)) : Stream.empty();
    }

    private static List<String> words(String line) {
        return Arrays.asList(line.substring(line.indexOf(':') + 1).strip().split("\\s+"));
    }

    private static Set<CpuFeature> named(Collection<String> names) {
        return names.stream()
                .map(name -> name.strip().toLowerCase(Locale.ROOT))
                .filter(NAMES::containsKey)
                .map(NAMES::get)
                .collect(Collectors.toCollection(() -> EnumSet.noneOf(CpuFeature.class)));
    }

    /** Features of the other architecture are absent even if the flags are incomplete: an Arm CPU has no x86 features. */
    private static CpuFeatures onlyOf(String architecture, Set<CpuFeature> present, boolean complete) {
        boolean arm = architecture.equals("aarch64");
        boolean x86 = architecture.equals("amd64") || architecture.equals("x86_64");
        CpuFeatures features = CpuFeatures.unknown();
        for (CpuFeature feature : CpuFeature.values()) {
            boolean possible = ARM.contains(feature) ? arm : x86;
            if (present.contains(feature)) {
                features = features.with(feature, Presence.PRESENT);
            } else if (complete || !possible) {
                features = features.with(feature, Presence.ABSENT);
            }
        }
        return features;
    }

    /** Returns the features with these labels, as a user lists them. */
    static Set<CpuFeature> labelled(Collection<String> labels) {
        Set<CpuFeature> features = EnumSet.noneOf(CpuFeature.class);
        for (String label : labels) {
            features.add(Arrays.stream(CpuFeature.values())
                    .filter(feature -> feature.label().equalsIgnoreCase(label.strip()))
                    .findFirst()
                    .orElseThrow(() -> new IllegalArgumentException("'" + label + "' is not a CPU feature; there are: "
                            + Arrays.stream(CpuFeature.values())
                                    .map(CpuFeature::label)
                                    .collect(Collectors.toCollection(TreeSet::new)))));
        }
        return features;
    }
}
