package io.qk256.app.cpu;

import io.qk256.spi.CpuFeature;
import io.qk256.spi.selection.CpuFeatures;
import io.qk256.spi.selection.CpuFeatures.Presence;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import oshi.hardware.CentralProcessor;
import oshi.hardware.CentralProcessor.ProcessorIdentifier;
import oshi.spi.SystemInfoFactory;

/**
 * A CPU.
 *
 * @param name display name
 * @param physicalCores number of cores, 0 if unknown
 * @param logicalCores number of hardware threads
 * @param features the features of the CPU
 */
public record Cpu(String name, int physicalCores, int logicalCores, CpuFeatures features) {

    /** Returns the CPU of this machine as OSHI reports it; a CPU with unknown features if OSHI cannot read this system. */
    public static Cpu detect() {
        try {
            CentralProcessor processor =
                    SystemInfoFactory.create().getHardware().getProcessor();
            return new Cpu(
                    name(processor.getProcessorIdentifier()),
                    processor.getPhysicalProcessorCount(),
                    processor.getLogicalProcessorCount(),
                    FeatureFlags.parse(processor.getFeatureFlags(), System.getProperty("os.arch", "")));
        } catch (RuntimeException | LinkageError e) {
            int threads = Runtime.getRuntime().availableProcessors();
            return new Cpu("unknown CPU (OSHI: " + e + ")", 0, threads, CpuFeatures.unknown());
        }
    }

    private static String name(ProcessorIdentifier identifier) {
        String architecture = architecture(
                identifier.getVendor(),
                identifier.getFamily(),
                identifier.getModel(),
                identifier.getMicroarchitecture());
        boolean known = !architecture.isBlank() && !architecture.equals("unknown");
        return identifier.getName().strip() + (known ? " (" + architecture + ")" : "");
    }

    /**
     * OSHI knows AMD's family 25 as Zen 3, but the models 16 to 31, 96 to 127 and 160 to 175 of that family are Zen 4
     * (Linux, {@code arch/x86/kernel/cpu/amd.c}).
     */
    static String architecture(String vendor, String family, String model, String known) {
        if (!vendor.equals("AuthenticAMD") || !family.equals("25") || !model.matches("\\d{1,3}")) {
            return known;
        }
        int number = Integer.parseInt(model);
        boolean zen4 =
                (number >= 16 && number < 32) || (number >= 96 && number < 128) || (number >= 160 && number < 176);
        return zen4 ? "Zen 4" : known;
    }

    /**
     * Returns the same CPU with only the listed features.
     *
     * @param labels feature names such as {@code avx2}
     * @throws IllegalArgumentException if a name is not a feature, or this CPU lacks the feature
     */
    public Cpu restrictedTo(Collection<String> labels) {
        Set<CpuFeature> kept = FeatureFlags.labelled(labels);
        for (CpuFeature feature : kept) {
            if (features.presence(feature) == Presence.ABSENT) {
                throw new IllegalArgumentException("this CPU lacks " + feature.label()
                        + "; a pretended CPU can only have less than the real one, which has: " + features);
            }
        }
        return new Cpu(name + ", restricted", physicalCores, logicalCores, features.restrictedTo(kept));
    }

    /** The features with this presence. */
    public List<CpuFeature> featuresThatAre(Presence presence) {
        return Arrays.stream(CpuFeature.values())
                .filter(feature -> features.presence(feature) == presence)
                .toList();
    }
}
