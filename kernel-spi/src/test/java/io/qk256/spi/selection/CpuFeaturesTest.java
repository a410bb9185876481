package io.qk256.spi.selection;

import static io.qk256.spi.CpuFeature.AVX;
import static io.qk256.spi.CpuFeature.AVX2;
import static io.qk256.spi.CpuFeature.AVX512_VNNI;
import static io.qk256.spi.CpuFeature.FMA;
import static io.qk256.spi.selection.CpuFeatures.Presence.ABSENT;
import static io.qk256.spi.selection.CpuFeatures.Presence.PRESENT;
import static io.qk256.spi.selection.CpuFeatures.Presence.UNKNOWN;
import static org.assertj.core.api.Assertions.assertThat;

import io.qk256.spi.CpuFeature;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class CpuFeaturesTest {

    @ParameterizedTest
    @EnumSource
    void nothingIsKnownOfAnUnknownCpu(CpuFeature feature) {
        assertThat(CpuFeatures.unknown().presence(feature)).isEqualTo(UNKNOWN);
    }

    @ParameterizedTest
    @EnumSource
    void whatIsNotListedIsAbsent(CpuFeature feature) {
        assertThat(CpuFeatures.of(Set.of(AVX, AVX2)).presence(feature))
                .isEqualTo(Set.of(AVX, AVX2).contains(feature) ? PRESENT : ABSENT);
    }

    @Test
    void withChangesOneFeatureOfACopy() {
        CpuFeatures cpu = CpuFeatures.of(Set.of(AVX));
        CpuFeatures changed = cpu.with(AVX, UNKNOWN).with(FMA, PRESENT);

        assertThat(changed.presence(AVX)).isEqualTo(UNKNOWN);
        assertThat(changed.presence(FMA)).isEqualTo(PRESENT);
        assertThat(changed.presence(AVX2)).isEqualTo(ABSENT);
        assertThat(cpu.presence(AVX)).isEqualTo(PRESENT);
        assertThat(cpu.presence(FMA)).isEqualTo(ABSENT);
    }

    @Test
    void restrictingTakesAwayAndAddsNothing() {
        CpuFeatures cpu =
                CpuFeatures.of(Set.of(AVX, AVX2, FMA)).with(AVX2, UNKNOWN).restrictedTo(Set.of(AVX, AVX2, AVX512_VNNI));

        assertThat(cpu.presence(AVX)).isEqualTo(PRESENT);
        assertThat(cpu.presence(AVX2)).isEqualTo(UNKNOWN);
        assertThat(cpu.presence(FMA)).isEqualTo(ABSENT);
        assertThat(cpu.presence(AVX512_VNNI)).isEqualTo(ABSENT);
        assertThat(CpuFeatures.unknown().restrictedTo(List.of()))
                .as("nothing is left, and that is known")
                .isEqualTo(CpuFeatures.of(List.of()));
    }

    @Test
    void equalKnowledgeIsEqual() {
        CpuFeatures cpu = CpuFeatures.of(Set.of(AVX));
        assertThat(cpu)
                .isEqualTo(CpuFeatures.of(List.of(AVX, AVX)))
                .hasSameHashCodeAs(CpuFeatures.of(List.of(AVX)))
                .isNotEqualTo(CpuFeatures.of(Set.of(AVX, AVX2)))
                .isNotEqualTo(CpuFeatures.unknown().with(AVX, PRESENT));
        assertThat(CpuFeatures.unknown().with(AVX, PRESENT).with(AVX, UNKNOWN))
                .isEqualTo(CpuFeatures.unknown())
                .hasSameHashCodeAs(CpuFeatures.unknown());
    }

    @Test
    void namesThePresentFeatures() {
        assertThat(CpuFeatures.of(Set.of(AVX512_VNNI, AVX)).with(FMA, UNKNOWN)).hasToString("avx avx512_vnni");
        assertThat(CpuFeatures.unknown()).hasToString("");
    }
}
