package io.qk256.spi.selection;

import io.qk256.spi.CpuFeature;
import java.util.Collection;
import java.util.EnumMap;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What is known about a CPU: each {@link CpuFeature} is present, absent, or unknown, because
 * operating systems do not report every feature. Immutable.
 */
public final class CpuFeatures {

    /** What is known about one feature. */
    public enum Presence {
        /** The CPU has it and the operating system allows it. */
        PRESENT,
        /** The CPU lacks it, or the operating system does not allow it. */
        ABSENT,
        /** Not reported. */
        UNKNOWN
    }

    private final Map<CpuFeature, Presence> known;

    private CpuFeatures(Map<CpuFeature, Presence> known) {
        this.known = known;
    }

    /** Returns a CPU about which nothing is known. */
    public static CpuFeatures unknown() {
        return new CpuFeatures(new EnumMap<>(CpuFeature.class));
    }

    /** Returns a CPU that has exactly the given features; all others are absent. */
    public static CpuFeatures of(Collection<CpuFeature> present) {
        Map<CpuFeature, Presence> all = new EnumMap<>(CpuFeature.class);
        for (CpuFeature feature : CpuFeature.values()) {
            all.put(feature, present.contains(feature) ? Presence.PRESENT : Presence.ABSENT);
        }
        return new CpuFeatures(all);
    }

    /** Returns the same CPU with different knowledge about one feature. */
    public CpuFeatures with(CpuFeature feature, Presence presence) {
        Map<CpuFeature, Presence> copy = new EnumMap<>(CpuFeature.class);
        copy.putAll(known);
        if (presence == Presence.UNKNOWN) {
            copy.remove(feature); // as in unknown(), so that equal knowledge compares equal
        } else {
            copy.put(feature, presence);
        }
        return new CpuFeatures(copy);
    }

    /** Returns the same CPU with the features that are not listed set to absent, as if it were a smaller CPU. */
    public CpuFeatures restrictedTo(Collection<CpuFeature> kept) {
        CpuFeatures restricted = this;
        for (CpuFeature feature : CpuFeature.values()) {
            if (!kept.contains(feature)) {
                restricted = restricted.with(feature, Presence.ABSENT);
            }
        }
        return restricted;
    }

    /** Returns what is known about a feature. */
    public Presence presence(CpuFeature feature) {
        return known.getOrDefault(feature, Presence.UNKNOWN);
    }

    /** The features that are present, separated by spaces. */
    @Override
    public String toString() {
        return known.entrySet().stream()
                .filter(entry -> entry.getValue() == Presence.PRESENT)
                .map(entry -> entry.getKey().label())
                .collect(Collectors.joining(" "));
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof CpuFeatures that && known.equals(that.known);
    }

    @Override
    public int hashCode() {
        return known.hashCode();
    }
}
