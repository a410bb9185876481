package io.qk256.tck;

import static org.assertj.core.api.Assertions.assertThat;

import io.qk256.spi.CpuFeature;
import io.qk256.spi.selection.CpuFeatures;
import java.util.List;
import org.junit.jupiter.api.Test;

class HostCpuTest {

    @Test
    void readsX86() {
        assertThat(HostCpu.parse(List.of("model name\t: AVX2 Inside", "flags\t\t: fpu avx avx2 avx512vbmi fpu")))
                .isEqualTo(CpuFeatures.of(List.of(CpuFeature.AVX, CpuFeature.AVX2, CpuFeature.AVX512_VBMI)));
    }

    @Test
    void readsArm() {
        assertThat(HostCpu.parse(List.of("Features\t: fp asimd asimddp i8mm")))
                .isEqualTo(CpuFeatures.of(List.of(CpuFeature.ASIMD, CpuFeature.DOTPROD, CpuFeature.I8MM)));
    }

    @Test
    void keepsWhatAllCoresHave() {
        assertThat(HostCpu.parse(List.of("flags : avx avx2 fma", "flags : avx avx2", "flags : avx fma avx2")))
                .isEqualTo(CpuFeatures.of(List.of(CpuFeature.AVX, CpuFeature.AVX2)));
    }

    @Test
    void knowsNothingWithoutFlags() {
        assertThat(HostCpu.parse(List.of("processor : 0"))).isEqualTo(CpuFeatures.unknown());
    }
}
