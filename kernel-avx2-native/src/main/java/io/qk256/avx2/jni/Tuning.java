package io.qk256.avx2.jni;

import io.qk256.spi.KernelUnavailableException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What differs between CPUs that have the same instructions: how the products prefetch weights, and how wide the vectors
 * of a product with one column are. All choices give the same bits. {@code docs/performance.md} has the measurements.
 *
 * @param prefetch how many bytes ahead; negative if only into the outer caches (as {@code QK256_ARGUMENTS} has it)
 * @param stream the same for 8-bit rows, which lie in memory without gaps, in the order in which they are read
 * @param oneColumn the widest tier for one column of int8 activations
 */
record Tuning(int prefetch, int stream, Tier oneColumn) {

    /** The system property that sets the prefetch of kernels opened from now on: {@code t0:BYTES} or {@code t2:BYTES}. */
    static final String PROPERTY = "qk256.native.prefetch";

    /** Measured on Zen 4. */
    private static final int STREAM = 8_192;

    /** Measured on Zen 5, and on Zen 3 and older Intel CPUs not worse than others. */
    private static final Tuning USUAL = new Tuning(10_240, STREAM, Tier.AVX512_VNNI);

    /** On Zen 4, prefetches of rows into the first-level cache take three times as long. */
    private static final Tuning ZEN_4 = new Tuning(-16_384, STREAM, Tier.AVX512_VNNI);

    /** With weights from memory, 512 bits gained nothing over AVX-VNNI. */
    private static final Tuning ZEN_5 = new Tuning(10_240, STREAM, Tier.AVX_VNNI);

    /** The best of a trial in C on Emerald Rapids; the kernel itself was not measured there. */
    private static final Tuning INTEL_SERVER = new Tuning(-8_192, 4_096, Tier.AVX512_VNNI);

    private static final int ZEN_3_AND_4 = 0x19;
    private static final int ZEN_5_FAMILY = 0x1A;

    private static final Pattern TEXT = Pattern.compile("(t0|t2):([0-9]{1,6})");

    /**
     * Chooses for a CPU.
     *
     * @param cpu as {@link Native#cpu} gives it
     * @param tiers the tiers that it supports; of the families here, they tell the CPUs with AVX-512 from the others
     */
    static Tuning of(int cpu, int tiers) {
        int maker = cpu >>> 16;
        int family = cpu & 0xFFFF;
        boolean wide = Tier.AVX512_VNNI.isIn(tiers);
        if (maker == Native.AMD && family == ZEN_3_AND_4 && wide) {
            return ZEN_4;
        }
        if (maker == Native.AMD && family == ZEN_5_FAMILY) {
            return ZEN_5;
        }
        return maker == Native.INTEL && wide ? INTEL_SERVER : USUAL;
    }

    /** Returns the same with the prefetch that a user has set, if any. */
    Tuning with(@Nullable String text) throws KernelUnavailableException {
        if (text == null) {
            return this;
        }
        Matcher parts = TEXT.matcher(text);
        if (!parts.matches()) {
            throw new KernelUnavailableException(
                    "-D" + PROPERTY + "=" + text + ": expected t0:BYTES or t2:BYTES, as in t2:8192, or leave it out");
        }
        int bytes = Integer.parseInt(parts.group(2));
        int both = parts.group(1).equals("t0") ? bytes : -bytes;
        return new Tuning(both, both, oneColumn);
    }

    @Override
    public String toString() {
        return (prefetch < 0 ? "t2:" : "t0:") + Math.abs(prefetch);
    }
}
