package io.qk256.spi.selection;

import static io.qk256.spi.CpuFeature.AVX2;
import static io.qk256.spi.selection.Candidate.State.REJECTED;
import static io.qk256.spi.selection.Candidate.State.SELECTED;
import static io.qk256.spi.selection.Candidate.State.SKIPPED;
import static io.qk256.spi.selection.Candidate.State.USABLE;
import static io.qk256.spi.selection.Machines.CPU;
import static io.qk256.spi.selection.Machines.JVM;
import static io.qk256.spi.selection.Machines.cpuWithout;
import static io.qk256.spi.selection.Machines.select;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.tuple;

import io.qk256.spi.KernelProvider;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which of the usable kernels is selected, and the reasons given for the others. */
class KernelSelectorTest {

    private static final CpuFeatures NO_AVX2 = cpuWithout(AVX2);

    private final FakeProvider slow = new FakeProvider("slow", 0);
    private final FakeProvider middle = new FakeProvider("middle", 5);
    private final FakeProvider fast = new FakeProvider("fast", 9, AVX2);

    @Test
    void theHighestRankIsSelectedAndEachIsOpenedOnce() {
        Selection selection = select(middle, slow, fast);

        assertThat(selection.candidates())
                .extracting(Candidate::name, Candidate::state, Candidate::why)
                .containsExactly(
                        tuple("fast", SELECTED, "highest rank of the usable kernels"),
                        tuple("middle", USABLE, "outranked by fast"),
                        tuple("slow", USABLE, "outranked by fast"));
        assertThat(selection.problem()).isEmpty();
        assertThat(selection.cpu()).isEqualTo(CPU);
        assertThat(selection.jvm()).isEqualTo(JVM);
        assertThat(List.of(slow, middle, fast))
                .extracting(FakeProvider::timesOpened)
                .containsOnly(1);
    }

    @Test
    void aTieGoesToTheFirstName() {
        FakeProvider a = new FakeProvider("a", 5);
        FakeProvider b = new FakeProvider("b", 5);
        assertThat(select(a, b).candidates()).extracting(Candidate::name).containsExactly("a", "b");
        assertThat(select(b, a).candidates()).extracting(Candidate::name).containsExactly("a", "b");
        assertThat(select(b, a).selected()).map(Candidate::name).contains("a");
    }

    @ParameterizedTest
    @CsvSource({"-2147483648, 2147483647", "-1, 0", "-5, -4"})
    void ranksMayBeAnyInt(int lower, int higher) {
        assertThat(select(new FakeProvider("lower", lower), new FakeProvider("higher", higher))
                        .selected())
                .map(Candidate::name)
                .contains("higher");
    }

    @Test
    void theRejectedFollowTheUsableByRankAndThoseWithoutRankAreLast() {
        Selection selection = KernelSelector.select(
                List.of(
                        new KernelSource("com.example.Broken", Artifact.unknown(), KernelSelectorTest::broken),
                        new FakeProvider("rejected-low", -7, AVX2).source(),
                        slow.source(),
                        fast.source(),
                        middle.source()),
                NO_AVX2,
                JVM,
                SelectionOptions.NONE);
        assertThat(selection.candidates())
                .extracting(Candidate::name, Candidate::state)
                .containsExactly(
                        tuple("middle", SELECTED),
                        tuple("slow", USABLE),
                        tuple("fast", REJECTED),
                        tuple("rejected-low", REJECTED),
                        tuple("com.example.Broken", REJECTED));
    }

    @Test
    void ofTwoProvidersOfOneNameTheSecondIsRejected() {
        FakeProvider second = new FakeProvider("fast", 99);
        Selection selection = KernelSelector.select(
                List.of(fast.source(), second.source("com.example.Second")), CPU, JVM, SelectionOptions.NONE);

        assertThat(selection.candidates())
                .extracting(Candidate::name, Candidate::state, Candidate::why)
                .containsExactly(
                        tuple("fast", SELECTED, "highest rank of the usable kernels"),
                        tuple(
                                "fast (com.example.Second)",
                                REJECTED,
                                "found: another provider is called 'fast' too; keep one of them"));
        assertThat(second.timesOpened()).isZero();
    }

    /** A class in the unnamed package may have the name of a kernel. */
    @Test
    void aBrokenProviderWhoseClassIsNamedLikeTheWinnerStaysRejected() {
        Selection selection = KernelSelector.select(
                List.of(new KernelSource("fast", Artifact.unknown(), KernelSelectorTest::broken), fast.source()),
                CPU,
                JVM,
                SelectionOptions.force("fast"));
        assertThat(selection.candidates()).extracting(Candidate::state).containsExactly(SELECTED, REJECTED);
        assertThat(selection.problem()).isEmpty();
    }

    @Test
    void aForcedKernelIsSelectedBelowItsRank() {
        Selection selection = select(SelectionOptions.force("slow"), fast, middle, slow);
        assertThat(selection.candidates())
                .extracting(Candidate::name, Candidate::state, Candidate::why)
                .containsExactly(
                        tuple("slow", SELECTED, "forced"),
                        tuple("fast", USABLE, "slow was forced"),
                        tuple("middle", USABLE, "slow was forced"));
        assertThat(selection.problem()).isEmpty();
    }

    @Test
    void aRequiredKernelThatComesFirstIsSelected() {
        Selection selection = select(SelectionOptions.require("fast"), slow, fast);
        assertThat(selection.problem()).isEmpty();
        assertThat(selection.selected()).map(Candidate::name).contains("fast");
    }

    @Test
    void aKernelMayBeForcedAndRequired() {
        Selection selection = select(new SelectionOptions(Optional.of("slow"), Optional.of("slow")), slow, fast);
        assertThat(selection.problem()).isEmpty();
        assertThat(selection.selected()).map(Candidate::name).contains("slow");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            nullValues = "-",
            value = {
                "fast | kernel fast is not usable: CPU features: the CPU lacks avx2",
                "fas  | no kernel is called 'fas'; did you mean fast?"
            })
    void aForcedKernelThatIsNotUsableLeavesNothingSelected(String forced, String problem) {
        Selection selection = select(NO_AVX2, JVM, SelectionOptions.force(forced), slow, middle, fast);

        assertThat(selection.problem()).contains(problem);
        assertThat(selection.selected()).isEmpty();
        assertThat(selection.candidates())
                .extracting(Candidate::name, Candidate::state, Candidate::why)
                .containsExactly(
                        tuple("middle", USABLE, "passed all gates"),
                        tuple("slow", USABLE, "passed all gates"),
                        tuple("fast", REJECTED, "CPU features: the CPU lacks avx2"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            nullValues = "-",
            value = {
                "-    | fast   | middle | kernel fast is not usable: CPU features: the CPU lacks avx2",
                "-    | gpu    | middle | no kernel is called 'gpu'; there are: middle, slow, fast",
                "-    | slow   | middle | kernel slow is required, but middle is selected; force slow to select it",
                "slow | middle | slow   | kernel middle is required, but slow is forced; ask for one of them only"
            })
    void anotherKernelThanTheRequiredIsShownAndNotGiven(
            String forced, String required, String selected, String problem) {
        SelectionOptions wishes = new SelectionOptions(Optional.ofNullable(forced), Optional.ofNullable(required));
        Selection selection = select(NO_AVX2, JVM, wishes, slow, middle, fast);

        assertThat(selection.problem()).contains(problem);
        assertThat(selection.selected()).map(Candidate::name).contains(selected);
        assertThatIllegalStateException().isThrownBy(selection::kernel).withMessageContaining(problem);
    }

    @Test
    void nothingUsableIsAProblem() {
        assertThat(select(NO_AVX2, JVM, SelectionOptions.NONE, fast).problem()).contains("no kernel is usable");
        assertThat(select().problem()).contains("no kernel is usable");
        assertThat(select(SelectionOptions.force("fast")).problem())
                .contains("no kernel is called 'fast'; none was found");
    }

    @Test
    void onceTheFirstIsFoundNoOtherIsOpened() {
        FakeProvider highest = new FakeProvider("highest", 10, AVX2);
        Selection selection = selectFirst(NO_AVX2, SelectionOptions.NONE, slow, middle, highest);

        assertThat(selection.candidates())
                .extracting(Candidate::name, Candidate::state, Candidate::why)
                .containsExactly(
                        tuple("middle", SELECTED, "highest rank of the usable kernels"),
                        tuple("slow", SKIPPED, "outranked by middle, so it was not opened"),
                        tuple("highest", REJECTED, "CPU features: the CPU lacks avx2"));
        assertThat(slow.timesOpened()).isZero();
        assertThat(middle.timesOpened()).isEqualTo(1);
    }

    @Test
    void noOtherThanTheForcedKernelIsOpened() {
        Selection selection = selectFirst(CPU, SelectionOptions.force("middle"), slow, middle, fast);

        assertThat(selection.candidates())
                .extracting(Candidate::name, Candidate::state, Candidate::why)
                .containsExactly(
                        tuple("middle", SELECTED, "forced"),
                        tuple("fast", SKIPPED, "middle was forced, so it was not opened"),
                        tuple("slow", SKIPPED, "middle was forced, so it was not opened"));
        assertThat(slow.timesOpened() + fast.timesOpened()).isZero();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            nullValues = "-",
            value = {"- | -", "- | slow", "- | fast", "slow | -", "slow | slow", "slow | middle", "gpu | -", "- | gpu"})
    void selectingTheFirstGivesTheSameAsSelecting(String forced, String required) {
        SelectionOptions wishes = new SelectionOptions(Optional.ofNullable(forced), Optional.ofNullable(required));
        for (CpuFeatures cpu : List.of(CPU, NO_AVX2)) {
            Selection all = select(cpu, JVM, wishes, slow, middle, fast);
            Selection first = selectFirst(cpu, wishes, slow, middle, fast);
            assertThat(first.problem()).isEqualTo(all.problem());
            assertThat(first.best()).isEqualTo(all.best());
        }
    }

    private static Selection selectFirst(CpuFeatures cpu, SelectionOptions wishes, FakeProvider... providers) {
        List<KernelSource> sources =
                Arrays.stream(providers).map(FakeProvider::source).toList();
        return KernelSelector.selectFirst(sources, cpu, JVM, wishes);
    }

    private static KernelProvider broken() {
        throw new IllegalStateException("broken");
    }
}
