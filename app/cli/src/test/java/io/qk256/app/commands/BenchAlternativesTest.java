package io.qk256.app.commands;

import static org.assertj.core.api.Assertions.assertThat;

import io.qk256.spi.CpuFeature;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class BenchAlternativesTest {

    @Test
    void narrowerTiersAreThoseThatTheCpuHas() {
        List<Optional<String>> plain = BenchAlternatives.choices(List.of(CpuFeature.AVX2));
        assertThat(plain.getFirst()).isEmpty();
        assertThat(plain)
                .contains(Optional.of("-Dqk256.native.prefetch=t2:8192"))
                .noneMatch(BenchAlternativesTest::isTier);
        assertThat(BenchAlternatives.choices(List.of(CpuFeature.AVX2, CpuFeature.AVX512_VNNI)))
                .containsAll(plain)
                .filteredOn(BenchAlternativesTest::isTier)
                .containsExactly(Optional.of("-Dqk256.native.tier=avx2"));
        assertThat(BenchAlternatives.choices(List.of(CpuFeature.AVX2, CpuFeature.AVX_VNNI, CpuFeature.AVX512_VNNI)))
                .filteredOn(BenchAlternativesTest::isTier)
                .containsExactly(Optional.of("-Dqk256.native.tier=avx2"), Optional.of("-Dqk256.native.tier=avx-vnni"));
    }

    private static boolean isTier(Optional<String> choice) {
        return choice.filter(option -> option.contains("tier")).isPresent();
    }

    @Test
    void eachTaskIsOutOfCache() {
        assertThat(new BenchAlternatives(List.of(1, 2)).tasks())
                .allMatch(task -> task.mode().equals("cold") && task.operation().equals("gemv-i8"))
                .hasSize(2);
    }
}
