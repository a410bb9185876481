package io.qk256.avx2.jni;

import io.qk256.spi.KernelUnavailableException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The instruction-set tiers, from the narrowest to the widest, as {@code tiers.c} has them. */
enum Tier {
    AVX2(Native.AVX2, "avx2", ""),

    /** Multiply-adds of four pairs of bytes. */
    AVX_VNNI(Native.AVX_VNNI, "avx-vnni", ", int8 products with AVX-VNNI"),

    /** The same on 512 bits: AVX-512 F, BW, VL and VNNI. There are CPUs with only this one of the two. */
    AVX512_VNNI(Native.AVX512_VNNI, "avx512-vnni", ", batches of int8 products with AVX-512 VNNI");

    /**
     * The system property that names the widest tier of the kernels that are opened next; by default what the CPU runs. A
     * kernel keeps its own.
     */
    static final String PROPERTY = "qk256.native.tier";

    private final int row;
    private final String label;
    private final String use;

    Tier(int row, String label, String use) {
        this.row = row;
        this.label = label;
        this.use = use;
    }

    /** Whether it is in a set, which has bit {@code 1 << row} for each. */
    boolean isIn(int tiers) {
        return (tiers >> row & 1) != 0;
    }

    /** The set of a tier and all that are narrower; that of all, if there is no name. */
    static int upTo(@Nullable String widest) throws KernelUnavailableException {
        if (widest == null) {
            return (1 << values().length) - 1;
        }
        for (Tier tier : values()) {
            if (tier.label.equals(widest)) {
                return (2 << tier.row) - 1;
            }
        }
        List<String> labels = Arrays.stream(values()).map(tier -> tier.label).toList();
        throw new KernelUnavailableException("-D" + PROPERTY + "=" + widest + " names no tier, expected "
                + String.join(", ", labels.subList(0, labels.size() - 1)) + " or " + labels.getLast()
                + ", or leave it out");
    }

    /** The address of an operation's function in the widest tier of a set that has its own. */
    static long widest(int operation, int tiers) {
        long widest = 0;
        for (Tier tier : values()) {
            long own = tier.isIn(tiers) ? Native.function(tier.row, operation) : 0;
            widest = own == 0 ? widest : own;
        }
        return widest;
    }

    /** What a set is used for, beyond AVX2 and FMA. */
    static String uses(int tiers) {
        return Arrays.stream(values())
                .filter(tier -> tier.isIn(tiers))
                .map(tier -> tier.use)
                .collect(Collectors.joining());
    }
}
