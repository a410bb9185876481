package io.qk256.avx2.jni;

import io.qk256.spi.KernelUnavailableException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The instruction-set tiers, from narrowest to widest, in the order of {@code tiers.c}. */
enum Tier {
    AVX2(Native.AVX2, "avx2", ""),

    /** Multiply-adds of four pairs of bytes in one instruction. */
    AVX_VNNI(Native.AVX_VNNI, "avx-vnni", ", int8 products with AVX-VNNI"),

    /**
     * All operations with 512-bit vectors: AVX-512 F, BW, VL and VNNI. Some CPUs have this tier but not AVX-VNNI.
     */
    AVX512_VNNI(Native.AVX512_VNNI, "avx512-vnni", ", AVX-512 (F, BW, VL, VNNI)"),

    /** Batches of int8 products with tiles. */
    AMX(Native.AMX, "amx", ", batches of int8 products with AMX");

    /**
     * The system property that names the widest tier for kernels opened from now on; by default the widest that the CPU
     * supports, except AMX, which must be named until it has been proved on hardware. Open kernels are not affected.
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

    /** Whether a set contains this tier as bit {@code 1 << row}. */
    boolean isIn(int tiers) {
        return (tiers >> row & 1) != 0;
    }

    /** Returns the set of this tier and all narrower ones. */
    int andNarrower() {
        return (2 << row) - 1;
    }

    /** Returns the set of the named tier and all narrower ones; all but AMX if {@code widest} is null. */
    static int upTo(@Nullable String widest) throws KernelUnavailableException {
        if (widest == null) {
            return AVX512_VNNI.andNarrower();
        }
        for (Tier tier : values()) {
            if (tier.label.equals(widest)) {
                return tier.andNarrower();
            }
        }
        List<String> labels = Arrays.stream(values()).map(tier -> tier.label).toList();
        throw new KernelUnavailableException("-D" + PROPERTY + "=" + widest + " names no tier, expected "
                + String.join(", ", labels.subList(0, labels.size() - 1)) + " or " + labels.getLast()
                + ", or leave it out");
    }

    /** Returns the address of an operation's function in the widest tier of a set that has one. */
    static long widest(int operation, int tiers) {
        long widest = 0;
        for (Tier tier : values()) {
            long own = tier.isIn(tiers) ? Native.function(tier.row, operation) : 0;
            widest = own == 0 ? widest : own;
        }
        return widest;
    }

    /** Returns the set of the tiers that the library was built with. */
    static int built() {
        int built = 0;
        for (Tier tier : values()) {
            int operation = tier == AMX ? Native.WIDE_GEMM_I8 : Native.GEMM_I8;
            built |= Native.function(tier.row, operation) == 0 ? 0 : 1 << tier.row;
        }
        return built;
    }

    /** Names the tiers that a set lacks. */
    static String missing(int built) {
        List<String> missing = Arrays.stream(values())
                .filter(tier -> !tier.isIn(built))
                .map(tier -> tier.label)
                .toList();
        return missing.isEmpty() ? "" : ", built by a compiler without " + String.join(" and ", missing);
    }

    /** Describes what a set is used for, beyond AVX2 and FMA. */
    static String uses(int tiers) {
        return Arrays.stream(values())
                .filter(tier -> tier.isIn(tiers))
                .map(tier -> tier.use)
                .collect(Collectors.joining());
    }
}
