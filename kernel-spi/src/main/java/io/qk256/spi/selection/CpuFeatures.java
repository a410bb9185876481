package io.qk256.spi.selection;

import io.qk256.spi.CpuFeature;
import java.util.Collection;
import java.util.EnumMap;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What is known of a CPU: for each {@link CpuFeature} that it is present, absent, or unknown, because
 * operating systems do not report every feature. Immutable.
 */
public final class CpuFeatures {

    /** What is known of one feature. */
    public enum Presence {
        /** The CPU has it and the operating system allows it. */
        PRESENT,
        /** The CPU lacks it, or the operating system does not allow it. */
        ABSENT,
        /** Nobody said. */
        UNKNOWN
    }

    private final Map<CpuFeature, Presence> known;

    private CpuFeatures(Map<CpuFeature, Presence> known) {
        this.known = known;
    }

    /** A CPU of which nothing is known. */
    public static CpuFeatures unknown() {
        return new CpuFeatures(new EnumMap<>(CpuFeature.class));
    }

    /** A CPU that has exactly the given features; all others are absent. */
    public static CpuFeatures of(Collection<CpuFeature> present) {
        Map<CpuFeature, Presence> all = new EnumMap<>(CpuFeature.class);
        for (CpuFeature feature : CpuFeature.values()) {
            all.put(feature, present.contains(feature) ? Presence.PRESENT : Presence.ABSENT);
        }
        return new CpuFeatures(all);
    }

    /** The same CPU with something else known of one feature. */
    public CpuFeatures with(CpuFeature feature, Presence presence) {
        Map<CpuFeature, Presence> copy = new EnumMap<>(CpuFeature.class);
        copy.putAll(known);
        if (presence == Presence.UNKNOWN) {
            copy.remove(feature); // as in unknown(), so that equal knowledge is equal
        } else {
            copy.put(feature, presence);
        }
        return new CpuFeatures(copy);
    }

    /** The same CPU without the features that are not listed, as if it were a smaller one. */
    public CpuFeatures restrictedTo(Collection<CpuFeature> kept) {
        CpuFeatures restricted = this;
        for (CpuFeature feature : CpuFeature.values()) {
            if (!kept.contains(feature)) {
                restricted = restricted.with(feature, Presence.ABSENT);
            }
        }
        return restricted;
    }

    /** What is known of a feature. */
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
