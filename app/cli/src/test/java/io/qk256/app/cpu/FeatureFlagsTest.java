package io.qk256.app.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qk256.spi.CpuFeature;
import io.qk256.spi.selection.CpuFeatures;
import io.qk256.spi.selection.CpuFeatures.Presence;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** OSHI's flags differ by system; each file holds the flags of one system, one per line. */
class FeatureFlagsTest {

    private static CpuFeatures parse(String file, String architecture) throws IOException {
        try (InputStream in = Objects.requireNonNull(FeatureFlagsTest.class.getResourceAsStream(file), file)) {
            String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            return FeatureFlags.parse(text.lines().toList(), architecture);
        }
    }

    private static Set<CpuFeature> that(Presence presence, CpuFeatures features) {
        Set<CpuFeature> found = EnumSet.noneOf(CpuFeature.class);
        for (CpuFeature feature : CpuFeature.values()) {
            if (features.presence(feature) == presence) {
                found.add(feature);
            }
        }
        return found;
    }

    @Test
    void linuxOnX86ListsEverything() throws IOException {
        CpuFeatures features = parse("linux-x86-zen5.txt", "amd64");
        assertThat(that(Presence.PRESENT, features))
                .containsExactly(
                        CpuFeature.AVX,
                        CpuFeature.AVX2,
                        CpuFeature.FMA,
                        CpuFeature.F16C,
                        CpuFeature.BMI2,
                        CpuFeature.AVX_VNNI,
                        CpuFeature.AVX512F,
                        CpuFeature.AVX512BW,
                        CpuFeature.AVX512DQ,
                        CpuFeature.AVX512VL,
                        CpuFeature.AVX512_VBMI,
                        CpuFeature.AVX512_VNNI);
        assertThat(that(Presence.UNKNOWN, features)).isEmpty();
    }

    @Test
    void coresOfTwoKindsHaveWhatBothHave() {
        CpuFeatures features = FeatureFlags.parse(
                List.of("flags\t\t: avx avx2 fma avx512f avx_vnni", "flags\t\t: avx avx2 fma avx_vnni"), "amd64");
        assertThat(that(Presence.PRESENT, features))
                .containsExactly(CpuFeature.AVX, CpuFeature.AVX2, CpuFeature.FMA, CpuFeature.AVX_VNNI);
        assertThat(features.presence(CpuFeature.AVX512F)).isEqualTo(Presence.ABSENT);
    }

    @Test
    void linuxOnArm() throws IOException {
        CpuFeatures features = parse("linux-arm-neoverse.txt", "aarch64");
        assertThat(that(Presence.PRESENT, features))
                .containsExactly(CpuFeature.ASIMD, CpuFeature.DOTPROD, CpuFeature.I8MM, CpuFeature.SVE);
        assertThat(features.presence(CpuFeature.AVX2)).isEqualTo(Presence.ABSENT);
    }

    @Test
    void macOnIntel() throws IOException {
        CpuFeatures features = parse("mac-intel.txt", "x86_64");
        assertThat(that(Presence.PRESENT, features))
                .containsExactly(CpuFeature.AVX, CpuFeature.AVX2, CpuFeature.FMA, CpuFeature.F16C, CpuFeature.BMI2);
        assertThat(features.presence(CpuFeature.AVX512F)).isEqualTo(Presence.ABSENT);
    }

    @Test
    void macOnAppleSilicon() throws IOException {
        CpuFeatures features = parse("mac-apple.txt", "aarch64");
        assertThat(that(Presence.PRESENT, features)).containsExactly(CpuFeature.ASIMD, CpuFeature.DOTPROD);
        assertThat(features.presence(CpuFeature.I8MM)).as("listed as 0").isEqualTo(Presence.ABSENT);
        assertThat(features.presence(CpuFeature.AVX2)).isEqualTo(Presence.ABSENT);
    }

    @Test
    void windowsDoesNotSayEverything() throws IOException {
        CpuFeatures features = parse("windows-x86.txt", "amd64");
        assertThat(that(Presence.PRESENT, features)).containsExactly(CpuFeature.AVX, CpuFeature.AVX2, CpuFeature.BMI2);
        assertThat(features.presence(CpuFeature.FMA)).as("has no name").isEqualTo(Presence.UNKNOWN);
        assertThat(features.presence(CpuFeature.AVX512F)).as("not listed").isEqualTo(Presence.UNKNOWN);
        assertThat(features.presence(CpuFeature.ASIMD)).as("Arm's").isEqualTo(Presence.ABSENT);
    }

    @Test
    void nothingSaidIsNothingKnown() {
        CpuFeatures features = FeatureFlags.parse(List.of(), "amd64");
        assertThat(features.presence(CpuFeature.AVX2)).isEqualTo(Presence.UNKNOWN);
        assertThat(features.presence(CpuFeature.SVE)).isEqualTo(Presence.ABSENT);
    }

    @Test
    void labelsAreChecked() {
        assertThat(FeatureFlags.labelled(List.of("avx2", "FMA"))).containsExactly(CpuFeature.AVX2, CpuFeature.FMA);
        assertThatThrownBy(() -> FeatureFlags.labelled(List.of("avx3")))
                .hasMessageContaining("'avx3' is not a CPU feature")
                .hasMessageContaining("avx512f");
    }

    @Test
    void aPretendedCpuCanOnlyHaveLess() {
        Cpu cpu = new Cpu("test", 1, 1, CpuFeatures.of(Set.of(CpuFeature.AVX, CpuFeature.AVX2)));
        Cpu smaller = cpu.restrictedTo(List.of("avx"));
        assertThat(smaller.features().presence(CpuFeature.AVX)).isEqualTo(Presence.PRESENT);
        assertThat(smaller.features().presence(CpuFeature.AVX2)).isEqualTo(Presence.ABSENT);
        assertThatThrownBy(() -> cpu.restrictedTo(List.of("fma")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("this CPU lacks fma");
    }
}
