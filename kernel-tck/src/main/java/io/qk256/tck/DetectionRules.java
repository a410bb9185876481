package io.qk256.tck;

import static org.assertj.core.api.Assertions.assertThat;

import io.qk256.spi.CpuFeature;
import io.qk256.spi.JvmFeature;
import io.qk256.spi.Requirements;
import io.qk256.spi.selection.Candidate.Step;
import io.qk256.spi.selection.CpuFeatures;
import io.qk256.spi.selection.CpuFeatures.Presence;
import io.qk256.spi.selection.Gate;
import io.qk256.spi.selection.Jvm;
import io.qk256.spi.selection.SelectionOptions;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * Rule 12. Rejections are tested on simulated machines, and therefore on every real one; a kernel is opened only where
 * the real machine meets its requirements.
 */
interface DetectionRules extends RuleGroup {

    @Test
    @DisplayName(Rules.DETECTION + ", refused without each CPU feature")
    default void rule12RefusedWithoutEachCpuFeature() {
        for (CpuFeature missing : needs().cpu()) {
            CpuFeatures cpu = CpuFeatures.of(needs().cpu()).with(missing, Presence.ABSENT);
            assertRefused(cpu, Jvm.current(), Gate.CPU, missing.label());
        }
    }

    @Test
    @DisplayName(Rules.DETECTION + ", refused without each JVM feature")
    default void rule12RefusedWithoutEachJvmFeature() {
        for (JvmFeature missing : needs().jvm()) {
            assertRefused(CpuFeatures.of(needs().cpu()), jvmWithout(missing), Gate.JVM, missing.label());
        }
    }

    @Test
    @DisplayName(Rules.DETECTION + ", a machine with nothing")
    default void rule12MachineWithNothing() {
        CpuFeatures cpu = CpuFeatures.of(List.of());
        Jvm jvm = jvmWithout(JvmFeature.values());
        if (!needs().cpu().isEmpty()) {
            assertRefused(cpu, jvm, Gate.CPU, "lacks");
        } else if (!needs().jvm().isEmpty()) {
            assertRefused(cpu, jvm, Gate.JVM, "needs");
        } else {
            kernel().kernel();
            assertOpens(select(cpu, jvm), "it needs nothing, and the machine has nothing");
        }
    }

    @Test
    @DisplayName(Rules.DETECTION + ", a CPU of which nothing is known")
    default void rule12UnknownCpu() {
        boolean mayOpen = needs().cpu().isEmpty() || kernel().answers().checksCpuItself();
        if (mayOpen) {
            kernel().kernel();
            assertOpens(
                    select(CpuFeatures.unknown(), Jvm.current()),
                    "it needs nothing of the CPU, or checks the CPU itself, and opened on this one before");
        } else {
            assertRefused(CpuFeatures.unknown(), Jvm.current(), Gate.CPU, "unknown");
        }
    }

    @Test
    @DisplayName(Rules.DETECTION + ", opens and computes where all is present")
    default void rule12OpensWhereAllIsPresent() {
        assertThat(kernel().here().lastStep().detail())
                .as(kernel().says(Rules.DETECTION) + "the reason that the provider gives for a refusal")
                .isNotBlank()
                .isNotEqualTo("null");
        kernel().kernel();
        assertOpens(kernel().here(), "this machine has what it needs");
    }

    private Requirements needs() {
        return kernel().answers().requirements();
    }

    private SelectionRun select(CpuFeatures cpu, Jvm jvm) {
        return SelectionRun.of(kernel().provider(), cpu, jvm, SelectionOptions.NONE);
    }

    private void assertOpens(SelectionRun run, String because) {
        assertThat(run.passed())
                .as(kernel().says(Rules.DETECTION) + "expected to open and to pass the self-test, since " + because
                        + "; seen: " + run.candidate().why())
                .isTrue();
    }

    private void assertRefused(CpuFeatures cpu, Jvm jvm, Gate gate, String words) {
        SelectionRun run = select(cpu, jvm);
        Step last = run.lastStep();
        String machine = kernel().says(Rules.DETECTION) + "on a machine with CPU features [" + cpu + "] and "
                + jvm.description() + ": ";
        assertThat(run.openings()).as(machine + "times that open() was called").isZero();
        assertThat(last.gate()).as(machine + "the gate that refuses").isEqualTo(gate);
        assertThat(last.passed()).as(machine + "gate passed").isFalse();
        assertThat(last.detail()).as(machine + "the reason").contains(words);
    }

    private static Jvm jvmWithout(JvmFeature... features) {
        return new Jvm(
                "an invented JVM",
                Arrays.stream(features).collect(Collectors.toMap(Function.identity(), feature -> "this one lacks it")));
    }
}
