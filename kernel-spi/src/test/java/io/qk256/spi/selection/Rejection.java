package io.qk256.spi.selection;

import static org.assertj.core.api.Assertions.assertThat;

import io.qk256.spi.selection.Candidate.State;
import io.qk256.spi.selection.Candidate.Step;
import java.util.EnumSet;
import java.util.List;

/** What all rejections have in common. */
final class Rejection {

    private Rejection() {}

    static Candidate assertRejected(KernelSource bad, Gate gate, String reason) {
        return assertRejected(bad, Machines.CPU, Machines.JVM, gate, reason);
    }

    /** The candidate is rejected at the gate for this reason, the next one is selected, and there is no problem. */
    static Candidate assertRejected(KernelSource bad, CpuFeatures cpu, Jvm jvm, Gate gate, String reason) {
        FakeProvider next = new FakeProvider("next", 0);
        Selection selection = KernelSelector.select(List.of(bad, next.source()), cpu, jvm, SelectionOptions.NONE);

        assertThat(selection.selected()).map(Candidate::name).contains("next");
        assertThat(selection.problem()).isEmpty();
        assertThat(selection.candidates()).hasSize(2);

        Candidate rejected = selection.candidates().get(1);
        assertThat(rejected.why()).isEqualTo(gate.label() + ": " + reason).doesNotContain("\n");
        assertThat(rejected.state()).isEqualTo(State.REJECTED);
        assertThat(rejected.kernel()).isEmpty();
        assertThat(rejected.steps())
                .extracting(Step::gate)
                .containsExactlyElementsOf(EnumSet.range(Gate.INSTALLED, gate));
        assertThat(rejected.steps())
                .allSatisfy(step -> assertThat(step.passed()).isEqualTo(step.gate() != gate));
        assertThat(rejected.steps().getLast().detail()).isEqualTo(reason);
        return rejected;
    }
}
