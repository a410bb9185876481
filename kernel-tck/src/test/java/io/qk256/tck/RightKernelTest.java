package io.qk256.tck;

import static org.assertj.core.api.Assertions.assertThat;

import io.qk256.tck.WrongKernels.Wrong;
import io.qk256.tck.runner.OutsideKernel;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class RightKernelTest {

    @Test
    void passesEveryTestOfEveryRule() {
        Verdict verdict = Verdict.of(new PlainProvider("plain", new PlainKernel()), "");

        assertThat(verdict.failed()).isEmpty();
        assertThat(verdict.skipped()).isEmpty();
        assertThat(verdict.passed()).hasSizeGreaterThan(60);
        assertThat(verdict.passed())
                .as("every test is named after a rule")
                .allSatisfy(test -> assertThat(Rules.all()).anyMatch(rule -> rule.isOf(test)));
        assertThat(Rules.all())
                .as("every rule has a test")
                .allSatisfy(rule -> assertThat(verdict.passed()).anyMatch(rule::isOf));
    }

    @Test
    void everyRuleHasSomethingWrongToCatch() {
        Set<String> broken = Stream.concat(
                        WrongKernels.all().stream().map(Wrong::rule),
                        Stream.concat(OutsideKernel.all().stream(), OutsideKernel.ofAnUncheckedSpi().stream())
                                .map(OutsideKernel::rule))
                .collect(Collectors.toSet());

        assertThat(broken)
                .containsExactlyInAnyOrderElementsOf(
                        Rules.all().stream().map(Rule::toString).toList());
    }
}
