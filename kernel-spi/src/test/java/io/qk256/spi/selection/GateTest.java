package io.qk256.spi.selection;

import static io.qk256.spi.CpuFeature.AVX;
import static io.qk256.spi.CpuFeature.AVX2;
import static io.qk256.spi.CpuFeature.FMA;
import static io.qk256.spi.JvmFeature.OPTIMIZING_COMPILER;
import static io.qk256.spi.JvmFeature.VECTOR_API;
import static io.qk256.spi.selection.CpuFeatures.Presence.UNKNOWN;
import static io.qk256.spi.selection.Machines.CPU;
import static io.qk256.spi.selection.Machines.JVM;
import static io.qk256.spi.selection.Machines.cpuWithout;
import static io.qk256.spi.selection.Machines.jvmWithout;
import static io.qk256.spi.selection.Machines.select;
import static io.qk256.spi.selection.Rejection.assertRejected;
import static org.assertj.core.api.Assertions.assertThat;

import io.qk256.spi.Contract;
import io.qk256.spi.CpuFeature;
import io.qk256.spi.selection.Candidate.State;
import io.qk256.spi.selection.Candidate.Step;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What providers require, compared with what the machine has. */
class GateTest {

    @Test
    void everyGateTellsWhatItSaw() {
        Candidate candidate = select(new FakeProvider("fast", 5)).candidates().getFirst();
        assertThat(candidate.steps())
                .containsExactly(
                        new Step(Gate.INSTALLED, true, "/plugins/fast.jar"),
                        new Step(Gate.RESOLVED, true, "com.example 1.2"),
                        new Step(Gate.PROBED, true, "not probed"),
                        new Step(Gate.FOUND, true, "com.example.fast in com.example"),
                        new Step(Gate.CONTRACT, true, Contract.VERSION),
                        new Step(Gate.CPU, true, "needs none"),
                        new Step(Gate.JVM, true, "no special requirements"),
                        new Step(Gate.OPENED, true, "plain Java"),
                        new Step(Gate.SELF_TEST, true, "all operations return the known answers"));
        assertThat(candidate.rank()).contains(5);
        assertThat(candidate.module()).isEqualTo("com.example");
        assertThat(candidate.origin()).isEqualTo("/plugins/fast.jar");
        assertThat(candidate.failure()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"0.9", "0.10", "0.12", "2.0", "99.0"})
    void anotherContractIsRejected(String version) {
        FakeProvider provider = builtFor(version);
        assertRejected(
                provider.source(),
                Gate.CONTRACT,
                "built for contract " + version + ", this is " + Contract.VERSION
                        + "; recompile it against the io.qk256:kernel-spi of contract " + Contract.VERSION
                        + ", or get a build for that");
        assertThat(provider.timesOpened()).isZero();
    }

    @ParameterizedTest
    @NullSource
    @ValueSource(strings = {"", "1", "0.9.0", " 0.9", "0.9-SNAPSHOT", "0.09"})
    void aContractThatIsNoVersionIsRejected(String version) {
        assertRejected(
                builtFor(version).source(),
                Gate.CONTRACT,
                "built for contract '" + version + "', expected major.minor such as " + Contract.VERSION);
    }

    @Test
    void theSameContractIsTakenWithoutAWarning() {
        assertThat(select(builtFor(Contract.VERSION)).candidates().getFirst().warning())
                .isEmpty();
    }

    @Test
    void aCpuWithTheFeaturesPassesAndTheyAreNamedInTheirOrder() {
        String all = Arrays.stream(CpuFeature.values()).map(CpuFeature::label).collect(Collectors.joining(", "));
        assertThat(detail(select(new FakeProvider("fast", 5, CpuFeature.values())), Gate.CPU))
                .isEqualTo("has " + all)
                .startsWith("has avx, avx2, fma, ");
    }

    @Test
    void absentFeaturesAreNamedAndNothingIsOpened() {
        FakeProvider provider = new FakeProvider("fast", 5, FMA, AVX2, AVX);
        CpuFeatures cpu = cpuWithout(FMA, AVX2).with(AVX, UNKNOWN);
        assertRejected(provider.source(), cpu, JVM, Gate.CPU, "the CPU lacks avx2, fma");
        assertThat(provider.timesOpened()).isZero();
    }

    @Test
    void unknownFeaturesAreNamedAndNothingIsOpened() {
        FakeProvider provider = new FakeProvider("fast", 5, FMA, AVX2, AVX);
        CpuFeatures cpu = CPU.with(FMA, UNKNOWN).with(AVX, UNKNOWN);
        assertRejected(
                provider.source(),
                cpu,
                JVM,
                Gate.CPU,
                "unknown whether the CPU has avx, fma; if you know that it does, force the kernel by its name");
        assertThat(provider.timesOpened()).isZero();
    }

    @Test
    void aKernelThatChecksTheCpuItselfIsOpenedOnAnUnknownOne() {
        Selection selection = select(CpuFeatures.unknown(), JVM, SelectionOptions.NONE, checkingItself());
        assertThat(selection.selected()).map(Candidate::name).contains("careful");
        assertThat(detail(selection, Gate.CPU)).isEqualTo("unknown here, the kernel checks it itself: avx2");
    }

    @Test
    void aKernelThatChecksTheCpuItselfIsNotOpenedWhereTheFeatureIsAbsent() {
        FakeProvider provider = checkingItself();
        assertRejected(provider.source(), cpuWithout(AVX2), JVM, Gate.CPU, "the CPU lacks avx2");
        assertThat(provider.timesOpened()).isZero();
    }

    @Test
    void aForcedKernelIsOpenedOnAnUnknownCpu() {
        FakeProvider other = new FakeProvider("other", 9, AVX2);
        Selection selection = select(
                CpuFeatures.unknown(), JVM, SelectionOptions.force("fast"), new FakeProvider("fast", 5, AVX2), other);
        assertThat(selection.selected()).map(Candidate::name).contains("fast");
        assertThat(detail(selection, Gate.CPU)).isEqualTo("unknown, but the kernel is forced: avx2");
        assertThat(other.timesOpened()).as("the other was not forced").isZero();
    }

    @Test
    void aForcedKernelIsNotOpenedWhereTheFeatureIsAbsent() {
        FakeProvider provider = new FakeProvider("fast", 5, AVX2);
        Selection selection = select(cpuWithout(AVX2), JVM, SelectionOptions.force("fast"), provider);
        assertThat(selection.problem()).contains("kernel fast is not usable: CPU features: the CPU lacks avx2");
        assertThat(provider.timesOpened()).isZero();
    }

    @Test
    void aJvmWithTheFeaturesPasses() {
        assertThat(detail(select(FakeProvider.needing("fast", 5, VECTOR_API, OPTIMIZING_COMPILER)), Gate.JVM))
                .isEqualTo("has optimising compiler, module jdk.incubator.vector");
    }

    @Test
    void aMissingJvmFeatureIsNamedWithItsReason() {
        FakeProvider provider = FakeProvider.needing("fast", 5, VECTOR_API, OPTIMIZING_COMPILER);
        assertRejected(
                provider.source(),
                CPU,
                jvmWithout(VECTOR_API, "it was left out; add it"),
                Gate.JVM,
                "needs the module jdk.incubator.vector, but it was left out; add it");
        assertThat(provider.timesOpened()).isZero();
    }

    @Test
    void ofTwoMissingJvmFeaturesTheFirstIsNamed() {
        Jvm poor = new Jvm("a JVM", Map.of(VECTOR_API, "no module", OPTIMIZING_COMPILER, "no compiler"));
        assertRejected(
                FakeProvider.needing("fast", 5, VECTOR_API, OPTIMIZING_COMPILER).source(),
                CPU,
                poor,
                Gate.JVM,
                "needs the optimising compiler, but no compiler");
    }

    @Test
    void whatIsNotNeededMayBeMissing() {
        Selection selection = select(
                CpuFeatures.of(List.of()),
                jvmWithout(VECTOR_API, "it was left out"),
                SelectionOptions.NONE,
                FakeProvider.needing("plain", 0, OPTIMIZING_COMPILER));
        assertThat(selection.candidates()).extracting(Candidate::state).containsExactly(State.SELECTED);
    }

    private static String detail(Selection selection, Gate gate) {
        return selection.candidates().getFirst().steps().stream()
                .filter(step -> step.gate() == gate)
                .findFirst()
                .orElseThrow()
                .detail();
    }

    private static FakeProvider builtFor(String version) {
        return new FakeProvider("other", 99) {
            @Override
            public String contractVersion() {
                return version;
            }
        };
    }

    private static FakeProvider checkingItself() {
        return new FakeProvider("careful", 5, AVX2) {
            @Override
            public boolean checksCpuItself() {
                return true;
            }
        };
    }
}
